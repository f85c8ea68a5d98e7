"""Finding stimuli with PyTorch: a forward hook per site, and `topk`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.benchmarks.peers.torch_networks import autocast, torch_device
from conceptevo_jax.models import Model

STIMULI = 10
"""Images kept per neuron."""


def torch_stimuli(
    model: Model,
    network: Any,
    images: UInt8[np.ndarray, "i h w 3"],
    *,
    size: int,
    is_compiled: bool = False,
    compute: str = "float32",
) -> Callable[[], Int[np.ndarray, "n k"]]:
    """A call that finds each neuron's strongest images with hooks and `topk`.

    Args:
      model: Whose sites are read and whose normalisation is used.
      network: Torchvision's, with the same names.
      images: Of the network's side.
      size: Images per batch.
      is_compiled: Whether the network with its hooks is compiled.
      compute: Type of its layers.

    Returns:
      A call that gives image numbers, the strongest first, of all neurons in order.
    """
    import torch

    device = torch_device()
    peaks = _torch_peaks(model, network)
    read_peaks = torch.compile(peaks) if is_compiled else peaks
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (model.mean, model.std))
    mean, std = mean.to(device), std.to(device)
    batches = torch.from_numpy(images.transpose(0, 3, 1, 2)).split(size)
    batches = [b.contiguous(memory_format=torch.channels_last) for b in batches]

    def call() -> np.ndarray:
        values = rows = None
        with torch.inference_mode(), autocast(compute):
            for number, batch in enumerate(batches):
                new_peaks = read_peaks((batch.to(device).float() / 255 - mean) / std).T
                ids = torch.arange(len(batch), device=device) + number * size
                ids = ids.expand(len(new_peaks), -1)
                if values is not None and rows is not None:
                    new_peaks, ids = (
                        torch.cat([values, new_peaks], 1),
                        torch.cat([rows, ids], 1),
                    )
                values, indices = new_peaks.topk(
                    min(STIMULI, new_peaks.shape[1]), dim=1
                )
                rows = ids.gather(1, indices)
        assert rows is not None
        return rows.cpu().numpy()

    return call


def _torch_peaks(model: Model, network: Any) -> Callable[[Any], Any]:
    """A call that gives all neurons' peaks, `[b n]`, of normalised images."""
    import torch

    network.eval()
    peaks: dict[str, Any] = {}

    def keep_peaks(name: str, module: Any, inputs: Any, output: Any) -> None:
        # The ReLU after a VGG's convolution runs in place later: clamp, as it will.
        peaks[name] = output.amax(dim=(2, 3)).clamp(min=0)

    for site in model.sites:
        hook = partial(keep_peaks, site.name)
        network.get_submodule(site.name).register_forward_hook(hook)

    def read_peaks(images: Any) -> Any:
        network(images)
        return torch.cat([peaks[site.name] for site in model.sites], 1)

    return read_peaks
