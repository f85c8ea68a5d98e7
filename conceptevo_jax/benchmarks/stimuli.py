"""Finding stimuli compared with a bare forward pass, and with PyTorch hooks.

The sweep reads every neuron's peak on every image and merges it into each neuron's
strongest; a forward pass of the same batches, already on the device, ends with the
logits. With PyTorch a forward hook per site takes the maxima of a map, and after each
batch `topk` selects among stored and new peaks, as in its documentation; the
network with its hooks may be compiled. In bfloat16 only the first pass is measured,
whose candidates a real sweep then re-ranks in float32.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from conceptevo_jax.activations import Fold, Sweep, read_peaks
from conceptevo_jax.benchmarks.peers.torch_hooks import STIMULI, torch_stimuli
from conceptevo_jax.benchmarks.peers.torch_networks import (
    move_to_torch_device,
    torch_network,
    why_failing,
    why_no_compiler,
    why_no_torch,
)
from conceptevo_jax.benchmarks.rows import TIMES_AS_FAST, TIMES_THE_TIME, Row
from conceptevo_jax.benchmarks.timing import fastest_seconds
from conceptevo_jax.data import DecodedImages
from conceptevo_jax.models import Model
from conceptevo_jax.stimuli import top_k_fold
from conceptevo_jax.types import neuron_count

SWEEP, FORWARD, HOOKS = "stimuli", "forward pass", "PyTorch, hooks and topk"

COMPILED_HOOKS = "torch.compile, hooks and topk"


def random_images(count: int, side: int, seed: int = 0) -> UInt8[np.ndarray, "i h w 3"]:
    """Noise.

    Args:
      count: Number of images.
      side: Height and width, in pixels.
      seed: Decides all pixels.
    """
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, side, side, 3), np.uint8)


def wrap_images(pixels: Any) -> DecodedImages:
    """The images as a sweep reads them, all of one class."""
    keys = tuple(map(str, range(len(pixels))))
    return DecodedImages(pixels=pixels, labels=np.zeros(len(keys), np.int32), keys=keys)


def ranking_fold(model: Model, images: int, k: int = STIMULI) -> Fold:
    """The fold that keeps each neuron's `k` strongest of `images` images.

    Args:
      model: Whose neurons are ranked.
      images: Number of images.
      k: Images kept per neuron.
    """
    floor = [0.0 if s.rectified else -np.inf for s in model.sites]
    channels = [site.channels for site in model.sites]
    return top_k_fold(
        neuron_count(model.sites),
        k,
        np.random.default_rng(0).permutation(images).astype(np.uint32),
        np.repeat(floor, channels).astype(np.float32),
    )


def measure_stimuli(
    model: Model,
    *,
    batch: int,
    batches: int,
    turns: int,
    compiles: bool = False,
    compute: str = "float32",
) -> list[Row]:
    """The sweep's time over a forward pass's, and over PyTorch's.

    Args:
      model: Rectified at every site.
      batch: Images per call of the network.
      batches: Batches of a sweep.
      turns: Of the timing.
      compiles: Whether to measure `torch.compile`, which takes minutes.
      compute: Type of the layers of all.
    """
    count, variables = batch * batches, model.init(seed=0)
    pixels, model_in_dtype = random_images(count, model.size), model.in_dtype(compute)
    fold = ranking_fold(model, count)
    run = Sweep(read_peaks(model_in_dtype), (fold,), tuple, batch_size=batch)
    forward = jax.jit(model_in_dtype.logits)
    placed = [jnp.asarray(part) for part in np.split(pixels, batches)]
    calls: dict[str, Callable[[], Any]] = {
        SWEEP: partial(run, variables, wrap_images(pixels)),
        FORWARD: lambda: [forward(variables, part) for part in placed],
    }
    missing = {HOOKS: why_no_torch()}
    missing[COMPILED_HOOKS] = missing[HOOKS] or why_no_compiler()
    if not compiles:
        missing[COMPILED_HOOKS] = "not run: takes minutes, see benchmark.compiled_sweep"
    for peer, reason in missing.items():
        if reason is None:
            network = move_to_torch_device(torch_network(model))
            calls[peer] = torch_stimuli(
                *(model, network, pixels),
                size=batch,
                is_compiled=peer == COMPILED_HOOKS,
                compute=compute,
            )
            missing[peer] = why_failing([calls[peer]])
            if missing[peer] is not None:
                del calls[peer]
    dtype_suffix = "" if compute == "float32" else f", {compute}"
    network_title = f"{model.name} at {model.size}{dtype_suffix}"
    about = f"{batches} batches of {batch}"
    is_bounded = model.preset == "full" and compute == "float32"
    return _rows(
        fastest_seconds(calls, turns),
        missing,
        network_title,
        about,
        count,
        is_bounded=is_bounded,
    )


def _rows(
    seconds: Mapping[str, float],
    missing: Mapping[str, str | None],
    network_title: str,
    description: str,
    images: int,
    *,
    is_bounded: bool,
) -> list[Row]:
    """A row with each duration, and the sweep compared with all others.

    Args:
      seconds: Of a sweep of each.
      missing: Why a peer was not run, by peer.
      network_title: Network and side.
      description: What was done.
      images: Of a sweep.
      is_bounded: Whether the overhead is claimed.
    """
    row = partial(Row, part="stimuli")
    timed_rows = [
        row(
            what=f"{name}, {network_title}",
            seconds=call_seconds,
            rate=images / call_seconds,
            unit="images",
            why=description,
        )
        for name, call_seconds in seconds.items()
    ]
    overhead_row = row(
        what=f"{SWEEP}, {network_title}",
        peer=FORWARD,
        value=seconds[SWEEP] / seconds[FORWARD],
        measure=TIMES_THE_TIME,
        bound="<= 1.1" if is_bounded else "",
        claim="stimuli_overhead",
        why=description,
    )
    peer_rows = [
        row(
            what=f"{SWEEP}, {network_title}",
            peer=peer,
            value=seconds[peer] / seconds[SWEEP] if peer in seconds else None,
            measure=TIMES_AS_FAST,
            why=reason or description,
        )
        for peer, reason in missing.items()
    ]
    return [*timed_rows, overhead_row, *peer_rows]
