"""A forward pass and a training step compared with PyTorch, eager and compiled.

The same architectures at the same widths, batch, optimiser and loss, in float32 or with
layers in bfloat16, on the same device; ours reads uint8 pixels and normalises them in
the same call. PyTorch runs as its performance guide recommends: channels last,
`inference_mode` for the forward pass, gradients set to None, autocast for bfloat16.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt8

from conceptevo_jax.benchmarks.peers.torch_networks import (
    autocast,
    move_to_torch_device,
    torch_device,
    torch_network,
    why_failing,
    why_no_compiler,
    why_no_torch,
)
from conceptevo_jax.benchmarks.rows import TIMES_AS_FAST, Row
from conceptevo_jax.benchmarks.timing import fastest_seconds, memory_bytes
from conceptevo_jax.models import Model
from conceptevo_jax.training import Optimizer
from conceptevo_jax.training.optimizers import direction
from conceptevo_jax.training.step import State, Tally, make_train_step

FORWARD, STEP = "forward pass", "training step"

TORCH_EAGER, TORCH_COMPILED = "PyTorch eager", "torch.compile"

AUXILIARY_WEIGHT = 0.4
"""Weight of InceptionV3's second head, in both."""


class TrainingSteps:
    """Training steps of ours, one after the other."""

    def __init__(
        self, model: Model, optimizer: Optimizer, pixels: Any, labels: Any
    ) -> None:
        descent = direction(optimizer)
        self.step = make_train_step(model, descent)
        variables = model.init(seed=1)
        key = jax.random.key_data(jax.random.key(0))
        moments = descent.init(variables["params"])
        self.state = State(variables, moments, jnp.int32(0), key)
        self.batch = (pixels, labels, jnp.float32(optimizer.learning_rate))

    def __call__(self) -> Any:
        """Take a step; on an accelerator it consumes the state before."""
        self.state, tally = self.step(self.state, Tally.zero(), *self.batch)
        return tally

    def memory_bytes(self) -> int | None:
        """What a step needs at once."""
        return memory_bytes(self.step, self.state, Tally.zero(), *self.batch)


def torch_calls(
    model: Model,
    optimizer: Optimizer,
    pixels: UInt8[np.ndarray, "b h w 3"],
    labels: Int[np.ndarray, " b"],
    *,
    compiled: bool,
    compute: str = "float32",
) -> dict[str, Callable[[], Any]]:
    """A forward pass and a training step of torchvision's network.

    Args:
      model: Ours.
      optimizer: How its weights move.
      pixels: Of the model's side.
      labels: Their classes.
      compiled: Whether by `torch.compile`.
      compute: Type of its layers.
    """
    import torch

    network = move_to_torch_device(torch_network(model))
    mean, std = (np.asarray(v, np.float32) for v in (model.mean, model.std))
    scaled = (pixels.astype(np.float32) / 255 - mean) / std
    images = torch.from_numpy(scaled.transpose(0, 3, 1, 2)).to(torch_device())
    images = images.contiguous(memory_format=torch.channels_last)
    classes = torch.from_numpy(labels.astype(np.int64)).to(torch_device())
    run = torch.compile(network) if compiled else network
    descent = _torch_optimizer(network, optimizer)

    def forward() -> np.ndarray:
        network.eval()
        with torch.inference_mode(), autocast(compute):
            return run(images).float().cpu().numpy()

    def step() -> float:
        network.train()
        descent.zero_grad(set_to_none=True)
        with autocast(compute):
            loss = _torch_loss(run(images), classes)
        loss.backward()
        descent.step()
        return float(loss.detach())

    return {FORWARD: forward, STEP: step}


def _torch_optimizer(network: Any, optimizer: Optimizer) -> Any:
    import torch

    rate, decay = optimizer.learning_rate, optimizer.weight_decay
    if optimizer.name == "sgd":
        return torch.optim.SGD(
            network.parameters(), rate, optimizer.momentum, weight_decay=decay
        )
    return torch.optim.AdamW(network.parameters(), rate, weight_decay=decay)


def _torch_loss(outputs: Any, classes: Any) -> Any:
    """Cross-entropy of the main head, and of the auxiliary one where there is one."""
    from torch.nn.functional import cross_entropy

    if not isinstance(outputs, tuple):
        return cross_entropy(outputs, classes)
    logits, auxiliary = outputs
    return cross_entropy(logits, classes) + AUXILIARY_WEIGHT * cross_entropy(
        auxiliary, classes
    )


def measure_network(
    model: Model,
    optimizer: Optimizer,
    pixels: UInt8[np.ndarray, "b h w 3"],
    labels: Int[np.ndarray, " b"],
    *,
    turns: int,
    compiles: bool,
    compute: str = "float32",
) -> list[Row]:
    """Time of both calls, and how many times as fast as PyTorch's they are.

    Args:
      model: Whose.
      optimizer: How its weights move.
      pixels: A batch, of the model's side.
      labels: Their classes.
      turns: Of the timing.
      compiles: Whether to measure `torch.compile`, which takes minutes.
      compute: Type of the layers of all.
    """
    model_in_dtype = model.in_dtype(compute)
    device_batch = jnp.asarray(pixels), jnp.asarray(labels)
    calls: dict[str, Callable[[], Any]] = {
        FORWARD: _forward(model_in_dtype, device_batch[0]),
        STEP: TrainingSteps(model_in_dtype, optimizer, *device_batch),
    }
    missing = {TORCH_EAGER: why_no_torch()}
    missing[TORCH_COMPILED] = missing[TORCH_EAGER] or why_no_compiler()
    if not compiles:
        missing[TORCH_COMPILED] = "not run: takes minutes, see benchmark.compiled"
    for peer, why in missing.items():
        if why is None:
            peer_calls = torch_calls(
                *(model, optimizer, pixels, labels),
                compiled=peer == TORCH_COMPILED,
                compute=compute,
            )
            missing[peer] = why_failing(peer_calls.values())
            if missing[peer] is None:
                calls |= {f"{what} {peer}": call for what, call in peer_calls.items()}
    seconds = fastest_seconds(calls, turns)
    about = f"{len(pixels)} images of {model.size}, {optimizer.name}"
    row = partial(_row, network_title(model, compute), len(pixels))
    rows = [row(what, "", seconds[what], None, about) for what in (FORWARD, STEP)]
    for what in (FORWARD, STEP):
        for peer, why in missing.items():
            spent = seconds.get(f"{what} {peer}")
            rows.append(row(what, peer, spent, seconds[what], why or about))
    return rows


def network_title(model: Model, compute: str) -> str:
    """A network's name in rows; float32 is not named.

    Args:
      model: The network.
      compute: Type of its layers.
    """
    dtype_suffix = "" if compute == "float32" else f", {compute}"
    return f"{model.name} ({model.preset}){dtype_suffix}"


def _forward(model: Model, pixels: Array) -> Callable[[], Array]:
    return partial(jax.jit(model.logits), model.init(seed=1), pixels)


def _row(
    network: str,
    images: int,
    what: str,
    peer: str,
    seconds: float | None,
    our_seconds: float | None,
    why: str,
) -> Row:
    """A row of ours, or of a peer with how many times as fast ours is."""
    is_measured = seconds is not None
    return Row(
        part="networks",
        what=f"{what} of {network}",
        peer=peer,
        seconds=seconds,
        rate=images / seconds if seconds is not None else None,
        unit="images",
        value=seconds / our_seconds
        if seconds is not None and our_seconds is not None
        else None,
        measure=TIMES_AS_FAST if peer else "",
        why=why if is_measured or peer else "",
    )
