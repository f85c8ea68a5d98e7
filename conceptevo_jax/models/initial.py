"""Initial weights without a compile.

XLA compiles a random draw for every shape: InceptionV3's initialisation took longer
than its first epochs. Here the initialisation is traced, operations that no variable
depends on are left out, mainly the forward pass, and the rest is computed operation by
operation: by NumPy for the operations that JAX's random numbers consist of, and by JAX
for all others. So every initialiser keeps its distribution, whether it belongs to this
package, to Flax or to a user; an initialiser with many other operations, such as
`orthogonal`, is compiled shape by shape.

Random bits come from Philox (Salmon et al., 2011), a counter-based generator, with
the key that Flax derives from its own key and the variable's path. They do not depend
on the device.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from jaxtyping import Array, Key
from scipy import special

ELEMENTWISE: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "div": np.divide,
    "erf": special.erf,
    "erf_inv": special.erfinv,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "nextafter": np.nextafter,
    "or": np.bitwise_or,
    "shift_right_logical": np.right_shift,
    "sqrt": np.sqrt,
    "sub": np.subtract,
}
"""By JAX's name, the NumPy function of unsigned integers or floats."""

_LIBRARY_FUNCTIONS = ("erf", "erf_inv")
"""Computed in float64 and rounded, to be independent of the mathematical library."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Initialisation:
    """A traced initialisation of a module.

    Attributes:
      program: From a key to the leaves of the variables.
      shapes: The variables as shapes and types.
    """

    program: ClosedJaxpr
    shapes: Any

    def draw(self, key: Key[Array, ""]) -> Any:
        """The variables for a key, on JAX's default device."""
        leaves = _evaluate(self.program, [key])
        tree = jax.tree.structure(self.shapes)
        return jax.device_put(jax.tree.unflatten(tree, leaves))


def trace_initialisation(module: nn.Module, shape: Sequence[int]) -> Initialisation:
    """Trace `module.init` for float32 input of a shape.

    Args:
      module: The module to initialise.
      shape: Shape of its input, including the batch axis.
    """

    def init(key: Key[Array, ""]) -> Any:
        return module.init(key, jnp.zeros(shape, jnp.float32))

    program, shapes = jax.make_jaxpr(init, return_shape=True)(_traced_key())
    needed_program = program.jaxpr.replace(eqns=_needed_equations(program.jaxpr))
    return Initialisation(
        program=ClosedJaxpr(needed_program, program.consts), shapes=shapes
    )


def _traced_key() -> Key[Array, ""]:
    return jax.random.key(0, impl="threefry2x32")


def _needed_equations(jaxpr: Jaxpr) -> list[JaxprEqn]:
    """The operations that an output depends on."""
    needed_variables, equations = _variables(jaxpr.outvars), []
    for equation in reversed(jaxpr.eqns):
        if needed_variables & _variables(equation.outvars):
            equations.append(equation)
            needed_variables |= _variables(equation.invars)
    return equations[::-1]


def _variables(atoms: Sequence[Any]) -> set[Var]:
    return {atom for atom in atoms if not isinstance(atom, Literal)}


def _evaluate(program: ClosedJaxpr, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of a traced program; an array is let go after its last use."""
    jaxpr = program.jaxpr
    values = dict(zip(jaxpr.constvars, program.consts, strict=True))
    values |= dict(zip(jaxpr.invars, inputs, strict=True))
    last = {v: e for e in jaxpr.eqns for v in _variables(e.invars)}

    def value(atom: Any) -> Any:
        if isinstance(atom, Literal):
            array_type: Any = atom.aval
            return np.asarray(atom.val, array_type.dtype)
        return values[atom]

    for equation in jaxpr.eqns:
        outputs = _outputs(equation, [value(atom) for atom in equation.invars])
        values |= dict(zip(equation.outvars, outputs, strict=True))
        for variable in _variables(equation.invars) - _variables(jaxpr.outvars):
            if last[variable] is equation:
                del values[variable]
    return [value(atom) for atom in jaxpr.outvars]


def _outputs(equation: JaxprEqn, inputs: list[Any]) -> Sequence[Any]:
    name = equation.primitive.name
    output_type: Any = equation.outvars[0].aval
    if name == "jit":
        return _evaluate(equation.params["jaxpr"], inputs)
    if name in ELEMENTWISE:
        return [_apply_elementwise(name, inputs, output_type.dtype)]
    if name == "random_bits":
        return [_random_bits(inputs[0], output_type.shape, output_type.dtype)]
    if name == "bitcast_convert_type":
        return [np.asarray(inputs[0]).view(output_type.dtype)]
    if name == "convert_element_type":
        return [np.asarray(inputs[0]).astype(output_type.dtype)]
    if name == "broadcast_in_dim" and np.ndim(inputs[0]) == 0:
        return [np.full(output_type.shape, inputs[0], output_type.dtype)]
    primitive = equation.primitive
    outputs = primitive.bind(*inputs, **primitive.get_bind_params(equation.params))
    return outputs if primitive.multiple_results else [outputs]


def _apply_elementwise(name: str, inputs: list[Any], dtype: np.dtype) -> np.ndarray:
    function = ELEMENTWISE[name]
    if name in _LIBRARY_FUNCTIONS:
        function = partial(function, dtype=np.float64, casting="same_kind")
    shape = np.broadcast_shapes(*map(np.shape, inputs))
    return function(*inputs, out=np.empty(shape, dtype))


def _random_bits(
    key: Key[Array, ""], shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    """Independent bits in unsigned integers."""
    secret = np.asarray(jax.random.key_data(key), "<u4").tobytes()
    word_count = -(-math.prod(shape) * dtype.itemsize // 8)
    generator = np.random.Philox(key=int.from_bytes(secret, "little"))
    bits = generator.random_raw(word_count).astype("<u8").view(dtype)
    return bits[: math.prod(shape)].reshape(shape)
