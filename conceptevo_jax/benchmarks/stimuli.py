"""Finding stimuli beside a bare forward pass, and beside PyTorch with hooks.

The sweep reads every neuron's peak on every image and merges it into each neuron's
strongest; a forward pass of the same batches, which lie on the device, ends with the
logits. With PyTorch a forward hook per site takes the maxima of a map, and after each
batch `topk` of what was kept and what is new decides, as its documentation has it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.activations import Fold, Sweep, read_peaks
from conceptevo_jax.benchmarks.rows import TIMES_AS_FAST, TIMES_THE_TIME, Row
from conceptevo_jax.benchmarks.timing import fastest
from conceptevo_jax.benchmarks.torch_networks import torch_network, why_no_torch
from conceptevo_jax.data import Decoded
from conceptevo_jax.models import Model
from conceptevo_jax.stimuli import top_k_fold
from conceptevo_jax.types import neuron_count

STIMULI = 10

SWEEP, FORWARD, HOOKS = "stimuli", "forward pass", "PyTorch, hooks and topk"


def random_images(count: int, side: int, seed: int = 0) -> UInt8[np.ndarray, "i h w 3"]:
    """Noise."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, side, side, 3), np.uint8)


def decoded(pixels: Any) -> Decoded:
    """The images as a sweep reads them, all of one class."""
    keys = tuple(map(str, range(len(pixels))))
    return Decoded(pixels=pixels, labels=np.zeros(len(keys), np.int32), keys=keys)


def ranking(model: Model, images: int, k: int = STIMULI) -> Fold:
    """The fold that keeps each neuron's `k` strongest of so many images."""
    floor = [0.0 if s.rectified else -np.inf for s in model.sites]
    channels = [site.channels for site in model.sites]
    return top_k_fold(
        neuron_count(model.sites),
        k,
        np.random.default_rng(0).permutation(images).astype(np.uint32),
        np.repeat(floor, channels).astype(np.float32),
    )


def torch_stimuli(
    model: Model, network: Any, images: UInt8[np.ndarray, "i h w 3"], *, size: int
) -> Callable[[], Int[np.ndarray, "n k"]]:
    """A call that finds each neuron's strongest images with hooks and `topk`.

    Args:
      model: Whose sites are read and whose normalisation is used.
      network: Torchvision's, with the same names.
      images: Of the network's side.
      size: Images per batch.

    Returns:
      A call that gives image numbers, the strongest first, of all neurons in order.
    """
    import torch

    network.eval()
    peaks: dict[str, Any] = {}

    def keep(name: str, module: Any, given: Any, out: Any) -> None:
        # The ReLU after a VGG's convolution runs in place later: clamp, as it will.
        peaks[name] = out.amax(dim=(2, 3)).clamp(min=0)

    for site in model.sites:
        hook = partial(keep, site.name)
        network.get_submodule(site.name).register_forward_hook(hook)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (model.mean, model.std))
    batches = torch.from_numpy(images.transpose(0, 3, 1, 2)).split(size)
    batches = [b.contiguous(memory_format=torch.channels_last) for b in batches]

    def call() -> np.ndarray:
        values = rows = None
        with torch.inference_mode():
            for number, batch in enumerate(batches):
                network((batch.float() / 255 - mean) / std)
                new = torch.cat([peaks[site.name] for site in model.sites], 1).T
                ids = torch.arange(len(batch)) + number * size
                ids = ids.expand(len(new), -1)
                if values is not None and rows is not None:
                    new, ids = torch.cat([values, new], 1), torch.cat([rows, ids], 1)
                values, at = new.topk(min(STIMULI, new.shape[1]), dim=1)
                rows = ids.gather(1, at)
        assert rows is not None
        return rows.numpy()

    return call


def measure_stimuli(model: Model, *, batch: int, batches: int, turns: int) -> list[Row]:
    """The sweep's time over a forward pass's, and over PyTorch's.

    Args:
      model: Rectified at every site.
      batch: Images per call of the network.
      batches: Batches of a sweep.
      turns: Of the timing.
    """
    count, variables = batch * batches, model.init(seed=0)
    where = f"{model.name} at {model.size}"
    pixels = random_images(count, model.size)
    run = Sweep(read_peaks(model), (ranking(model, count),), tuple, batch_size=batch)
    forward = jax.jit(model.logits)
    placed = [jnp.asarray(part) for part in np.split(pixels, batches)]
    calls: dict[str, Callable[[], Any]] = {
        SWEEP: partial(run, variables, decoded(pixels)),
        FORWARD: lambda: [forward(variables, part) for part in placed],
    }
    missing = why_no_torch()
    if missing is None:
        network = torch_network(model)
        calls[HOOKS] = torch_stimuli(model, network, pixels, size=batch)
    seconds = fastest(calls, turns)
    about = f"{batches} batches of {batch}"
    rows = [
        Row(
            part="stimuli",
            what=f"{name}, {where}",
            seconds=spent,
            rate=count / spent,
            unit="images",
            why=about,
        )
        for name, spent in seconds.items()
    ]
    return [
        *rows,
        Row(
            part="stimuli",
            what=f"{SWEEP}, {where}",
            peer=FORWARD,
            value=seconds[SWEEP] / seconds[FORWARD],
            measure=TIMES_THE_TIME,
            bound="<= 1.1" if model.preset == "full" else "",
            claim="stimuli_overhead",
            why=about,
        ),
        Row(
            part="stimuli",
            what=f"{SWEEP}, {where}",
            peer=HOOKS,
            value=seconds[HOOKS] / seconds[SWEEP] if HOOKS in seconds else None,
            measure=TIMES_AS_FAST,
            why=missing or about,
        ),
    ]
