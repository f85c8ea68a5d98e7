"""Names of concepts: the class, colour or texture that their patches share."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from conceptevo_jax.types import record

NAMED_SHARE = 0.5
"""Share of the patches that have to be of one class, colour or texture to be named."""

_LIFT = 2.0
"""How many times as often a colour or texture has to occur as in all patches."""

_COLOURED, _DARK, _BRIGHT = 0.15, 0.25, 0.75
"""Least chroma of a colour, and ends of brightness, as shares of full intensity."""

_HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (165, "green"),
    (200, "turquoise"),
    (255, "blue"),
    (290, "purple"),
    (345, "pink"),
    (360, "red"),
)
"""Upper ends of hues in degrees."""

_PLAIN, _ALONG_ONE_LINE = 4e-4, 0.5
"""Mean squared gradient below which a patch is plain; least coherence of edges."""

MIXED = "mixed"


@record
class Look:
    """What a patch looks like; an empty word where it has no such property.

    Attributes:
      colour: Name of its mean colour, `dark` or `bright`.
      texture: `plain`, or the direction in which its edges run.
    """

    colour: str
    texture: str


def look_of(patch: UInt8[np.ndarray, "h w 3"]) -> Look:
    """The colour and the texture of a patch.

    Args:
      patch: In RGB.
    """
    shares = patch.astype(np.float64) / 255
    return Look(
        colour=_colour(shares.mean(axis=(0, 1))), texture=_texture(shares.mean(axis=2))
    )


def _colour(rgb: Float[np.ndarray, " 3"]) -> str:
    """The name of a mean colour; none for a medium grey."""
    chroma = float(rgb.max() - rgb.min())
    if chroma >= _COLOURED:
        hue = _hue(rgb, chroma)
        return next(name for end, name in _HUES if hue <= end)
    brightness = float(rgb.mean())
    if brightness <= _DARK:
        return "dark"
    return "bright" if brightness >= _BRIGHT else ""


def _hue(rgb: Float[np.ndarray, " 3"], chroma: float) -> float:
    """Hue in degrees, 0 to 360, as in HSV."""
    r, g, b = (float(channel) for channel in rgb)
    if max(r, g, b) == r:
        return 60 * ((g - b) / chroma % 6)
    if max(r, g, b) == g:
        return 60 * ((b - r) / chroma + 2)
    return 60 * ((r - g) / chroma + 4)


def _texture(grey: Float[np.ndarray, "h w"]) -> str:
    """Whether a patch is plain, or along which line its edges run, if along one.

    The line comes from the structure tensor: the mean products of the gradient's
    components (Bigün and Granlund, 1987).
    """
    if min(grey.shape) < 2:
        return ""
    down, right = np.gradient(grey)
    xx, yy, xy = (right**2).mean(), (down**2).mean(), (right * down).mean()
    energy = float(xx + yy)
    if energy < _PLAIN:
        return "plain"
    if np.hypot(xx - yy, 2 * xy) < _ALONG_ONE_LINE * energy:
        return ""
    # Edges run across the gradient: an angle of 0 is a gradient to the right.
    angle = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy)) % 180
    if angle < 22.5 or angle >= 157.5:
        return "vertical edges"
    return "horizontal edges" if 67.5 <= angle < 112.5 else "diagonal edges"


def shared_look(looks: Sequence[Look], reference: Sequence[Look]) -> str | None:
    """The colour, else the texture, that patches of a concept share; None for none.

    At least half of them have it, and at least twice the share of all patches.

    Args:
      looks: Of patches of the concept's neurons.
      reference: Of patches of all neurons.
    """
    for name in ("colour", "texture"):
        words = Counter(getattr(look, name) for look in looks)
        usual = Counter(getattr(look, name) for look in reference)
        word, occurrences = words.most_common(1)[0] if words else ("", 0)
        share = occurrences / max(len(looks), 1)
        usual_share = usual[word] / max(len(reference), 1)
        if word and share >= NAMED_SHARE and share >= _LIFT * usual_share:
            return word
    return None


def number_doubles(names: Sequence[str]) -> tuple[str, ...]:
    """Names of which each occurs once: those of several concepts get numbers.

    Args:
      names: Of the concepts in order, as `("Bag", "Coat", "Bag")`.

    Returns:
      The same with numbers, as `("Bag 1", "Coat", "Bag 2")`.
    """
    total, so_far = Counter(names), Counter[str]()
    numbered = []
    for name in names:
        so_far[name] += 1
        numbered.append(f"{name} {so_far[name]}" if total[name] > 1 else name)
    return tuple(numbered)
