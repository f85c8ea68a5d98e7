"""What a network that is in no space sees in a study's patches: machine participants.

Every site in the deeper half of the network is one judge: what it sees of a patch is
the mean of each of its neurons' maps.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from conceptevo_jax.activations import read_activations
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.study import Study
from conceptevo_jax.study.raters.machine import MachinePanel, machine_panel

BATCH = 250


def ask_machines(study: Study, judge: TrainedRun, *, seed: int) -> MachinePanel:
    """Have the sites of a network's last snapshot answer a study.

    Its attention checks are left out: a machine's attention is not in doubt.

    Args:
      study: The study.
      judge: A run that took no part in building the space.
      seed: See `machine_panel`.
    """
    model = judge.model
    names = [site.name for site in model.sites[len(model.sites) // 2 :]]
    variables = judge.snapshots[-1].load()
    asked = [place for place, task in enumerate(study.tasks) if not task.check]
    patches = study.patches[asked]
    t, c, p = patches.shape[:3]
    flat = patches.reshape(t * c * p, *patches.shape[3:])
    seen = site_means(model, variables, names, flat)
    features = {
        f"machine-{judge.name}-{name}": own.reshape(t, c, p, -1)
        for name, own in seen.items()
    }
    return machine_panel([study.tasks[at] for at in asked], features, seed=seed)


def site_means(
    model: Model,
    variables: Variables,
    names: list[str],
    patches: UInt8[np.ndarray, "i side side 3"],
) -> dict[str, Float[np.ndarray, "i _"]]:
    """Mean activation of every neuron of some sites, by site.

    Args:
      model: Whose sites.
      variables: Its weights.
      names: The sites.
      patches: Resized to what the model reads.
    """
    read = _reader(model, names)
    size = (model.size, model.size)
    parts = []
    for start in range(0, len(patches), BATCH):
        batch = patches[start : start + BATCH]
        # Padded, so that one program serves all batches.
        padded = np.concatenate([batch, np.repeat(batch[-1:], BATCH - len(batch), 0)])
        found = read(variables, jnp.asarray(padded), size)
        parts.append([np.asarray(one)[: len(batch)] for one in found])
    joined = [np.concatenate(own) for own in zip(*parts, strict=True)]
    return dict(zip(names, joined, strict=True))


def _reader(model: Model, names: list[str]) -> Callable[..., list[Array]]:
    read = read_activations(model, names)

    def means(variables: Variables, patches: Array, size: tuple[int, int]) -> list:
        shape = (len(patches), *size, 3)
        pixels = jax.image.resize(patches.astype(jnp.float32), shape, "bilinear")
        rounded = jnp.clip(jnp.round(pixels), 0, 255).astype(jnp.uint8)
        _, seen = read(variables, rounded)
        return [seen[name].mean(axis=(1, 2)) for name in names]

    return jax.jit(means, static_argnums=2)
