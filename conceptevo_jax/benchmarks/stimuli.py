"""Finding stimuli beside a bare forward pass, and beside PyTorch with hooks.

The sweep reads every neuron's peak on every image and merges it into each neuron's
strongest; a forward pass of the same batches, which lie on the device, ends with the
logits. With PyTorch a forward hook per site takes the maxima of a map, and after each
batch `topk` of what was kept and what is new decides, as its documentation has it; the
network with its hooks may be compiled. In bfloat16 it is the first pass alone, whose
candidates a real sweep then ranks in float32.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.activations import Fold, Sweep, read_peaks
from conceptevo_jax.benchmarks.rows import TIMES_AS_FAST, TIMES_THE_TIME, Row
from conceptevo_jax.benchmarks.timing import fastest
from conceptevo_jax.benchmarks.torch_networks import (
    autocast,
    to_torch_device,
    torch_device,
    torch_network,
    why_failing,
    why_no_compiler,
    why_no_torch,
)
from conceptevo_jax.data import Decoded
from conceptevo_jax.models import Model
from conceptevo_jax.stimuli import top_k_fold
from conceptevo_jax.types import neuron_count

STIMULI = 10

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


def decoded(pixels: Any) -> Decoded:
    """The images as a sweep reads them, all of one class."""
    keys = tuple(map(str, range(len(pixels))))
    return Decoded(pixels=pixels, labels=np.zeros(len(keys), np.int32), keys=keys)


def ranking(model: Model, images: int, k: int = STIMULI) -> Fold:
    """The fold that keeps each neuron's `k` strongest of so many images.

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


def torch_stimuli(
    model: Model,
    network: Any,
    images: UInt8[np.ndarray, "i h w 3"],
    *,
    size: int,
    compiled: bool = False,
    compute: str = "float32",
) -> Callable[[], Int[np.ndarray, "n k"]]:
    """A call that finds each neuron's strongest images with hooks and `topk`.

    Args:
      model: Whose sites are read and whose normalisation is used.
      network: Torchvision's, with the same names.
      images: Of the network's side.
      size: Images per batch.
      compiled: Whether the network with its hooks is compiled.
      compute: Type of its layers.

    Returns:
      A call that gives image numbers, the strongest first, of all neurons in order.
    """
    import torch

    device = torch_device()
    peaks = _torch_peaks(model, network)
    read = torch.compile(peaks) if compiled else peaks
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (model.mean, model.std))
    mean, std = mean.to(device), std.to(device)
    batches = torch.from_numpy(images.transpose(0, 3, 1, 2)).split(size)
    batches = [b.contiguous(memory_format=torch.channels_last) for b in batches]

    def call() -> np.ndarray:
        values = rows = None
        with torch.inference_mode(), autocast(compute):
            for number, batch in enumerate(batches):
                new = read((batch.to(device).float() / 255 - mean) / std).T
                ids = torch.arange(len(batch), device=device) + number * size
                ids = ids.expand(len(new), -1)
                if values is not None and rows is not None:
                    new, ids = torch.cat([values, new], 1), torch.cat([rows, ids], 1)
                values, indices = new.topk(min(STIMULI, new.shape[1]), dim=1)
                rows = ids.gather(1, indices)
        assert rows is not None
        return rows.cpu().numpy()

    return call


def _torch_peaks(model: Model, network: Any) -> Callable[[Any], Any]:
    """A call that gives all neurons' peaks, `[b n]`, of normalised images."""
    import torch

    network.eval()
    peaks: dict[str, Any] = {}

    def keep(name: str, module: Any, inputs: Any, output: Any) -> None:
        # The ReLU after a VGG's convolution runs in place later: clamp, as it will.
        peaks[name] = output.amax(dim=(2, 3)).clamp(min=0)

    for site in model.sites:
        hook = partial(keep, site.name)
        network.get_submodule(site.name).register_forward_hook(hook)

    def read(images: Any) -> Any:
        network(images)
        return torch.cat([peaks[site.name] for site in model.sites], 1)

    return read


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
    pixels, of_type = random_images(count, model.size), model.computing(compute)
    fold = ranking(model, count)
    run = Sweep(read_peaks(of_type), (fold,), tuple, batch_size=batch)
    forward = jax.jit(of_type.logits)
    placed = [jnp.asarray(part) for part in np.split(pixels, batches)]
    calls: dict[str, Callable[[], Any]] = {
        SWEEP: partial(run, variables, decoded(pixels)),
        FORWARD: lambda: [forward(variables, part) for part in placed],
    }
    missing = {HOOKS: why_no_torch()}
    missing[COMPILED_HOOKS] = missing[HOOKS] or why_no_compiler()
    if not compiles:
        missing[COMPILED_HOOKS] = "not run: takes minutes, see benchmark.compiled_sweep"
    for peer, why in missing.items():
        if why is None:
            network = to_torch_device(torch_network(model))
            calls[peer] = torch_stimuli(
                *(model, network, pixels),
                size=batch,
                compiled=peer == COMPILED_HOOKS,
                compute=compute,
            )
            missing[peer] = why_failing([calls[peer]])
            if missing[peer] is not None:
                del calls[peer]
    narrow = "" if compute == "float32" else f", {compute}"
    network_title = f"{model.name} at {model.size}{narrow}"
    about = f"{batches} batches of {batch}"
    bounded = model.preset == "full" and compute == "float32"
    return _rows(
        fastest(calls, turns), missing, network_title, about, count, bounded=bounded
    )


def _rows(
    seconds: Mapping[str, float],
    missing: Mapping[str, str | None],
    network_title: str,
    about: str,
    images: int,
    *,
    bounded: bool,
) -> list[Row]:
    """A row of what each took, and the sweep beside all others.

    Args:
      seconds: Of a sweep of each.
      missing: Why a peer was not run, by peer.
      network_title: Network and side.
      about: What was done.
      images: Of a sweep.
      bounded: Whether the overhead is claimed.
    """
    row = partial(Row, part="stimuli")
    took = [
        row(
            what=f"{name}, {network_title}",
            seconds=spent,
            rate=images / spent,
            unit="images",
            why=about,
        )
        for name, spent in seconds.items()
    ]
    overhead = row(
        what=f"{SWEEP}, {network_title}",
        peer=FORWARD,
        value=seconds[SWEEP] / seconds[FORWARD],
        measure=TIMES_THE_TIME,
        bound="<= 1.1" if bounded else "",
        claim="stimuli_overhead",
        why=about,
    )
    peers = [
        row(
            what=f"{SWEEP}, {network_title}",
            peer=peer,
            value=seconds[peer] / seconds[SWEEP] if peer in seconds else None,
            measure=TIMES_AS_FAST,
            why=why or about,
        )
        for peer, why in missing.items()
    ]
    return [*took, overhead, *peers]
