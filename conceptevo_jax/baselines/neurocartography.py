"""NeuroCartography (Park et al., 2021, https://doi.org/10.1109/TVCG.2021.3114858).

Two things it does with the neurons of one snapshot: it gives them vectors, fitted to
that snapshot alone, and it groups those that detect the same concept. Its vectors
minimise the same objective as ConceptEvo's base vectors (Eq. 1 of Park et al., 2023);
what ConceptEvo adds is that other snapshots are projected rather than fitted anew.

Departures from the authors' code: the term that pushes a neuron from a random one uses
both vectors, where the code multiplies the random one with itself; and MinHash uses one
set of permutations for all neurons, where the code draws new ones for each, which makes
hashes incomparable. Dead neurons have no vector and no group.

Fitting costs what `conceptevo_jax.embedding` says; grouping 300 neurons of one site by
100 images takes .1 s, and one pass over the images whose cells are asked for.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import jax
import numpy as np
from jaxtyping import Bool, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from conceptevo_jax.activations import read_activations
from conceptevo_jax.embedding import FitReport, fit_neurons
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.types import Embedding, Site, Stimuli, record, site_slices

_PRIME = (1 << 31) - 1
"""Modulus of the hash functions; images and cells are numbered below it."""

_BATCH = 64
"""Images whose maps are read at a time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitting:
    """How a snapshot's vectors are fitted; the defaults are NeuroCartography's own.

    Attributes:
      images: Strongest images of a neuron that are its stimuli.
      dim: Dimensions.
      learning_rate: Step per pair.
      negatives: Random neurons per neuron of a pair.
      repeats: How often pairs are sampled anew.
      batch_size: Pairs per update, at most.
    """

    images: int = 100
    dim: int = 30
    learning_rate: float = 0.01
    negatives: int = 10
    repeats: int = 30
    batch_size: int = 256


FIGURE_9 = Fitting(images=20, negatives=3, repeats=100)
"""What the paper's Figure 9b was made with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grouping:
    """How neurons are grouped; the defaults are NeuroCartography's own.

    Attributes:
      bands: Of hashes of a neuron's images; two neurons with a band in common may
        detect the same concept.
      band_size: Hashes per band.
      cell_bands: Of hashes of its activated cells on one image.
      cell_band_size: Hashes per band of those.
      least: Images on which the cells of two neurons must have a band in common for
        them to be grouped.
      seed: Decides the hash functions.
    """

    bands: int = 100
    band_size: int = 2
    cell_bands: int = 20
    cell_band_size: int = 10
    least: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if name != "seed" and value < 1:
                raise UsageError(f"{name}={value} is out of range: 1 or more.")


@record
class Groups:
    """Neurons that detect the same concept, site by site.

    Attributes:
      members: Neurons of each group of two or more, largest first within a site.
      sites: Name of each group's site.
    """

    members: tuple[Int[np.ndarray, " _"], ...]
    sites: tuple[str, ...]


Cells = Callable[[Site, Int[np.ndarray, " b"]], Bool[np.ndarray, "b x c"]]
"""Which cells of a site are activated on some images of the pool, by channel."""


def fit_snapshot(
    stimuli: Stimuli, settings: Fitting, *, seed: int
) -> tuple[Embedding, FitReport]:
    """Give the neurons of one snapshot vectors that know of no other snapshot.

    Args:
      stimuli: With `settings.images` images per neuron, or more.
      settings: See `Fitting`.
      seed: Decides start, pairs and negatives.

    Raises:
      UsageError: if there are fewer images per neuron, or as `fit_neurons` does.
    """
    found = stimuli.image_ids.shape[1]
    if settings.images > found:
        raise UsageError(
            f"NeuroCartography needs {settings.images} images per neuron, but "
            f"{found} were searched for; search for more, or lower `images`."
        )
    values = dataclasses.asdict(settings)
    own = stimuli.strongest(values.pop("images"))
    return fit_neurons(own, negatives_learn=False, seed=seed, **values)


def group_neurons(
    stimuli: Stimuli, cells: Cells, settings: Grouping | None = None
) -> Groups:
    """Group the neurons of each site that detect the same concept.

    Two neurons are candidates if their images hash alike, directly or by way of others,
    and are grouped if, on one of the candidates' images, their activated cells do.

    Args:
      stimuli: Each neuron's images.
      cells: See `Cells`; `activated_cells` reads them from a model.
      settings: See `Grouping`.
    """
    settings = settings or Grouping()
    members: list[np.ndarray] = []
    names: list[str] = []
    slices = site_slices(stimuli.sites)
    for site in stimuli.sites:
        first = slices[site.name].start
        found = _group_site(site, first, stimuli, cells, settings)
        members += found
        names += [site.name] * len(found)
    return Groups(members=tuple(members), sites=tuple(names))


def activated_cells(
    model: Model, variables: Variables, pixels: Callable[[np.ndarray], np.ndarray]
) -> Cells:
    """A reader of activated cells.

    Args:
      model: Whose sites are read.
      variables: Of the snapshot.
      pixels: Gives images of the pool by their rows, uint8 `[b h w 3]`.
    """
    readers: dict[str, Callable] = {}

    def read(site: Site, rows: Int[np.ndarray, " b"]) -> Bool[np.ndarray, "b x c"]:
        if site.name not in readers:
            readers[site.name] = jax.jit(read_activations(model, [site.name]))
        parts = []
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            padded = np.resize(batch, _BATCH)
            _, seen = readers[site.name](variables, pixels(padded))
            maps = np.asarray(seen[site.name])[: len(batch)]
            parts.append(maps.reshape(len(batch), -1, maps.shape[-1]) > 0)
        return np.concatenate(parts)

    return read


def _group_site(
    site: Site, first: int, stimuli: Stimuli, cells: Cells, settings: Grouping
) -> list[np.ndarray]:
    """The groups of one site, whose neurons are numbered from `first` on."""
    own = slice(first, first + site.channels)
    ids, dead = stimuli.image_ids[own], stimuli.dead[own]
    hashes = _hashes(settings.bands * settings.band_size, settings.seed)
    signatures = _min_hash(ids, hashes)
    bands = signatures.reshape(site.channels, settings.bands, -1)
    pairs = [pair for band in range(settings.bands) for pair in _alike(bands[:, band])]
    found = []
    for candidates in _components(pairs, site.channels, ~dead):
        images = np.unique(ids[candidates][ids[candidates] >= 0])
        shown = cells(site, images)[:, :, candidates]
        joined = _joined(shown, settings)
        everyone = np.ones(len(candidates), bool)
        for group in _components(joined, len(candidates), everyone):
            found.append(first + candidates[group])
    return sorted(found, key=lambda group: (-len(group), group[0]))


def _joined(
    shown: Bool[np.ndarray, "b x c"], settings: Grouping
) -> Iterator[tuple[int, int]]:
    """Pairs of candidates whose cells hash alike on enough images."""
    size = settings.cell_bands * settings.cell_band_size
    hashes = _hashes(size, settings.seed + 1)
    counts: dict[tuple[int, int], int] = {}
    for active in shown:
        cells = np.arange(len(active))[None]
        ids = np.where(active.T, cells, -1)
        bands = _min_hash(ids, hashes).reshape(len(ids), settings.cell_bands, -1)
        alike = {p for b in range(settings.cell_bands) for p in _alike(bands[:, b])}
        for pair in alike:
            counts[pair] = counts.get(pair, 0) + 1
    return (pair for pair, count in counts.items() if count >= settings.least)


def _hashes(count: int, seed: int) -> Int[np.ndarray, "2 h"]:
    """Coefficients of hash functions (a x + b) mod p, the same for all neurons."""
    rng = np.random.default_rng([seed, count])
    return rng.integers(1, _PRIME, size=(2, count), dtype=np.int64)


def _min_hash(
    ids: Int[np.ndarray, "n k"], hashes: Int[np.ndarray, "2 h"]
) -> Int[np.ndarray, "n h"]:
    """Smallest hash of each set under every function; `_PRIME` for an empty set.

    The chance that two sets have the same is their Jaccard index (Broder, 1997,
    https://doi.org/10.1109/SEQUEN.1997.666900).
    """
    found = np.full((len(ids), hashes.shape[1]), _PRIME, np.int64)
    for column in ids.T:
        used = column >= 0
        values = (hashes[0] * column[used, None] + hashes[1]) % _PRIME
        found[used] = np.minimum(found[used], values)
    return found


def _alike(band: Int[np.ndarray, "n r"]) -> list[tuple[int, int]]:
    """Pairs with the same hashes throughout a band; none of empty sets."""
    filled = np.flatnonzero((band < _PRIME).all(axis=1))
    _, bucket = np.unique(band[filled], axis=0, return_inverse=True)
    order = np.argsort(bucket, kind="stable")
    ends = np.flatnonzero(np.diff(bucket[order])) + 1
    pairs: list[tuple[int, int]] = []
    for members in np.split(filled[order], ends):
        pairs += combinations(sorted(members.tolist()), 2)
    return pairs


def _components(
    pairs: Sequence[tuple[int, int]] | Iterator[tuple[int, int]],
    size: int,
    kept: Bool[np.ndarray, " n"],
) -> list[np.ndarray]:
    """Connected groups of two or more, ascending; those not `kept` join none."""
    linked = np.array([p for p in pairs if kept[list(p)].all()], int).reshape(-1, 2)
    graph = coo_array((np.ones(len(linked)), linked.T), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    found = [np.flatnonzero(group == g) for g in np.flatnonzero(np.bincount(group) > 1)]
    return found
