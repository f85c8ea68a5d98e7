"""Machine participants: a network that is in no space judges a study's patches.

Every site in the deeper half of the network is one participant. Its features of a patch
are the mean activations of its neurons.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from conceptevo_jax.activations import read_activations
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.study import Study
from conceptevo_jax.study.raters.machine import MachinePanel, machine_panel

BATCH = 250


def ask_machines(study: Study, judge: TrainedRun, *, seed: int) -> MachinePanel:
    """Have the sites of a network's last snapshot answer a study.

    Attention checks are left out, since machines need none.

    Args:
      study: The study.
      judge: A run that took no part in building the space.
      seed: See `machine_panel`.
    """
    model = judge.model
    sites = [site.name for site in model.sites[len(model.sites) // 2 :]]
    variables = judge.snapshots[-1].load()
    task_indices = [index for index, task in enumerate(study.tasks) if not task.check]
    patches = study.patches[task_indices]
    t, c, p = patches.shape[:3]
    flat_patches = patches.reshape(t * c * p, *patches.shape[3:])
    means_by_site = site_means(model, variables, sites, flat_patches)
    features = {
        f"machine-{judge.name}-{site}": means.reshape(t, c, p, -1)
        for site, means in means_by_site.items()
    }
    tasks = [study.tasks[index] for index in task_indices]
    return machine_panel(tasks, features, seed=seed)


def site_means(
    model: Model,
    variables: Variables,
    names: list[str],
    patches: UInt8[np.ndarray, "i side side 3"],
) -> dict[str, Float[np.ndarray, "i _"]]:
    """Mean activation of every neuron of some sites, by site.

    Args:
      model: The model.
      variables: Its weights.
      names: The sites.
      patches: Patches of any size; resized to the model's input.
    """
    read_means = _mean_reader(model, names)
    size = (model.size, model.size)
    batches = []
    for start in range(0, len(patches), BATCH):
        batch = patches[start : start + BATCH]
        # Padded, so that one program serves all batches.
        padded = np.concatenate([batch, np.repeat(batch[-1:], BATCH - len(batch), 0)])
        means = read_means(variables, jnp.asarray(padded), size)
        batches.append([np.asarray(site_mean)[: len(batch)] for site_mean in means])
    joined = [np.concatenate(means) for means in zip(*batches, strict=True)]
    return dict(zip(names, joined, strict=True))


def _mean_reader(model: Model, names: list[str]) -> Callable[..., list[Array]]:
    """A compiled function from weights and patches to each site's mean activations."""
    read_sites = read_activations(model, names)

    def means(
        variables: Variables, patches: Array, size: tuple[int, int]
    ) -> list[Array]:
        shape = (len(patches), *size, 3)
        pixels = jax.image.resize(patches.astype(jnp.float32), shape, "bilinear")
        # Networks read whole pixel values, as in training.
        rounded = jnp.clip(jnp.round(pixels), 0, 255).astype(jnp.uint8)
        _, activations = read_sites(variables, rounded)
        return [activations[name].mean(axis=(1, 2)) for name in names]

    return jax.jit(means, static_argnums=2)
