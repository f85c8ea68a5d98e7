"""Torchvision's networks, at the widths of any preset of ours.

Every layer gets the shape that ours of the same name has, and the narrow presets leave
out the poolings that ours do, so that both do the same work: a state dictionary of one
is read by `from_torchvision`, and the logits are equal.
"""

import importlib
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import jax
from flax.traverse_util import flatten_dict

from conceptevo_jax.benchmarks.rows import why_missing
from conceptevo_jax.models import Model, convnext, inception, vgg
from conceptevo_jax.models.inception_blocks import STEM
from conceptevo_jax.models.inception_sites import Size

ARCHITECTURES = {
    "vgg16": vgg.PRESETS,
    "vgg19": vgg.PRESETS,
    "inception_v3": inception.PRESETS,
    "convnext_tiny": convnext.PRESETS,
}
"""Those that torchvision has, and their presets here."""


def why_no_torch() -> str | None:
    """Why PyTorch's networks cannot be measured here; None if they can."""
    missing = why_missing("torch", "torchvision")
    if missing is not None:
        return missing
    try:
        import_torchvision()
    # Builds of both that do not fit each other fail in ways of their own.
    except Exception as error:
        return f"not run: torchvision cannot be imported: {error}"
    import torch

    if torch_device() == "cuda" and not torch.cuda.is_available():
        return "not run: torch has no CUDA here"
    return None


def why_no_compiler() -> str | None:
    """Why `torch.compile` cannot run here; None if it can."""
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return (
            "not run: torch.compile needs a C++ compiler, of which none is in the path"
        )
    if torch_device() == "cuda":
        return why_missing("triton")
    return None


def torch_device() -> str:
    """The device of PyTorch in comparisons: `cpu`, or `cuda` if ours uses a GPU."""
    return "cpu" if jax.default_backend() == "cpu" else "cuda"


def move_to_torch_device(network: Any) -> Any:
    """The network where it runs, as PyTorch's performance guide advises: channels last.

    On a GPU products of float32 are taken in TF32, as XLA takes them, and cuDNN looks
    for its fastest convolutions.
    """
    import torch

    if torch_device() == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    return network.to(torch_device(), memory_format=torch.channels_last)


def autocast(compute: str) -> AbstractContextManager[object]:
    """What `compute` is to ours: layers in bfloat16, parameters in float32."""
    import torch

    is_enabled = compute == "bfloat16"
    return torch.autocast(torch_device(), torch.bfloat16, enabled=is_enabled)


def why_failing(calls: Iterable[Callable[[], Any]]) -> str | None:
    """Why calls of PyTorch do not work here, each tried once; None if they do.

    Compilers fail where one of their many needs is not met, and devices where memory
    ends; both raise `RuntimeError`.
    """
    try:
        for call in calls:
            call()
    except RuntimeError as error:
        first = next(iter(str(error).strip().splitlines()), "")
        return f"not run: {type(error).__name__}: {first}"
    return None


def torch_network(model: Model) -> Any:
    """Torchvision's network of the same architecture, preset and classes.

    Args:
      model: One of those in `ARCHITECTURES`.

    Returns:
      A `torch.nn.Module` with PyTorch's own initialisation, in training mode.
    """
    import torch

    presets: Any = ARCHITECTURES[model.name]
    size = presets[model.preset]
    options = {"num_classes": model.classes}
    if model.name == "convnext_tiny":
        options["stochastic_depth_prob"] = size.drop
    else:
        options["dropout"] = size.dropout
    if model.name == "inception_v3":
        options["init_weights"] = False
    # Nothing is stored for the published shapes; every layer is replaced.
    with torch.device("meta"):
        network = getattr(import_torchvision().models, model.name)(**options)
    _reshape(network, _shapes(model))
    if model.name == "inception_v3" and size.stem == "padded":
        _pad_stem(network, size)
    if model.name.startswith("vgg") and not size.wide:
        # Maps end as a single cell, where the published network's end as 7×7.
        network.avgpool = torch.nn.Identity()
    return network


def import_torchvision() -> Any:
    """Torchvision without its own operators, which a CPU build of torch may lack.

    Its networks need none of them.
    """
    import torch

    register = torch.library.register_fake

    def skipping(name: Any, *args: Any, **kwargs: Any) -> Any:
        is_torchvision = isinstance(name, str) and name.startswith("torchvision::")
        return (lambda f: f) if is_torchvision else register(name, *args, **kwargs)

    torch.library.register_fake = skipping
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("torchvision")
    finally:
        torch.library.register_fake = register


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    """Shape of our kernel, scale or layer scale, by torchvision's name of the layer."""
    weight_names = ("kernel", "scale", "layer_scale")
    leaves: Mapping[tuple[str, ...], jax.ShapeDtypeStruct]
    leaves = flatten_dict(model.shapes()["params"])
    return {
        ".".join(p[:-1]): leaf.shape
        for p, leaf in leaves.items()
        if p[-1] in weight_names
    }


def _reshape(network: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Put a layer of our shape, with parameters, in the place of each."""
    import torch

    modules: list[tuple[str, Any]] = list(network.named_modules())
    for name, layer in modules:
        if name in shapes:
            resized_layer = _layer(layer, shapes[name])
            network.set_submodule(name, resized_layer)
        if hasattr(layer, "layer_scale"):
            scale = torch.full((shapes[name][0], 1, 1), 1e-6)
            layer.layer_scale = torch.nn.Parameter(scale)


def _layer(layer: Any, shape: tuple[int, ...]) -> Any:
    """A layer of the same kind with a kernel or scale of this shape of ours."""
    from torch import nn

    if isinstance(layer, nn.Conv2d):
        depthwise = layer.groups > 1
        return nn.Conv2d(
            shape[3] if depthwise else shape[2],
            shape[3],
            shape[:2],
            stride=layer.stride,
            padding=layer.padding,
            groups=shape[3] if depthwise else 1,
            bias=layer.bias is not None,
        )
    if isinstance(layer, nn.Linear):
        return nn.Linear(shape[0], shape[1])
    if isinstance(layer, nn.BatchNorm2d):
        return nn.BatchNorm2d(shape[0], eps=layer.eps, momentum=layer.momentum)
    if isinstance(layer, nn.LayerNorm):
        return type(layer)(shape[0], eps=layer.eps)
    return layer


def _pad_stem(network: Any, size: Size) -> None:
    """Pad the stem in place of its poolings, and shrink the auxiliary head's."""
    import torch

    network.maxpool1 = network.maxpool2 = torch.nn.Identity()
    for layer in STEM[1:]:
        padding = tuple(side // 2 for side in layer.kernel)
        network.get_submodule(layer.name).conv.padding = padding
    head, (window, stride, _) = network.AuxLogits, size.auxiliary

    def forward(x: Any) -> Any:
        x = torch.nn.functional.avg_pool2d(x, window, stride)
        return head.fc(head.conv1(head.conv0(x)).mean((2, 3)))

    head.forward = forward
