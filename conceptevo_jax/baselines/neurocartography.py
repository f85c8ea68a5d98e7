"""NeuroCartography (Park et al., 2021, https://doi.org/10.1109/TVCG.2021.3114858).

Two things it does with the neurons of one snapshot: it gives them vectors, fitted to
that snapshot alone, and it groups those that detect the same concept. Its vectors
minimise the same objective as ConceptEvo's base vectors (Eq. 1 of Park et al., 2023);
what ConceptEvo adds is that other snapshots are projected rather than fitted anew.

Departures from the authors' code: the term that pushes a neuron from a random one uses
both vectors, where the code multiplies the random one with itself; and MinHash uses one
set of permutations for all neurons, where the code draws new ones for each, which makes
hashes incomparable. Dead neurons have no vector and no group.

Fitting costs what `conceptevo_jax.embedding` says. Grouping costs some milliseconds for
every image of a site's candidates: 24 s for 300 neurons that share 2,500 images, all of
them candidates, besides reading the images up to the site.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from conceptevo_jax.activations import read_activations
from conceptevo_jax.data import sequential_batches
from conceptevo_jax.embedding import FitReport, fit_neurons
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, Site, Stimuli, record, site_slices

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


Cells = Callable[[Site, Int[np.ndarray, " i"]], Iterator[Bool[np.ndarray, "x c"]]]
"""Activated cells of a site, by channel, on each of some images of the pool."""


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

    def active(name: str) -> Callable[[Variables, Array], Bool[Array, "b x c"]]:
        read = read_activations(model, [name])

        def cells(variables: Variables, images: Array) -> Bool[Array, "b x c"]:
            maps = read(variables, images)[1][name]
            return maps.reshape(maps.shape[0], -1, maps.shape[-1]) > 0

        # Compiled with no other output, so that what follows the site is left out.
        return jax.jit(cells)

    def read(
        site: Site, rows: Int[np.ndarray, " i"]
    ) -> Iterator[Bool[np.ndarray, "x c"]]:
        if site.name not in readers:
            readers[site.name] = active(site.name)
        for batch, valid in sequential_batches(len(rows), _BATCH):
            images = jnp.asarray(pixels(rows[batch]))
            yield from np.asarray(readers[site.name](variables, images))[valid]

    return read


def _group_site(
    site: Site, first: int, stimuli: Stimuli, cells: Cells, settings: Grouping
) -> list[np.ndarray]:
    """The groups of one site, whose neurons are numbered from `first` on."""
    ids = stimuli.image_ids[first : first + site.channels]
    shown, numbers = np.unique(ids[ids >= 0], return_inverse=True)
    holds = np.zeros((site.channels, len(shown)), bool)
    holds[np.nonzero(ids >= 0)[0], numbers] = True
    of = settings
    bands = _bands(holds, _orders(len(shown), of.bands, of.band_size, of.seed))
    found = []
    for candidates in _components(_in_one_bucket(bands), site.channels):
        images = shown[holds[candidates].any(axis=0)]
        active = (one[:, candidates].T for one in cells(site, images))
        joined = _joined(active, len(candidates), settings)
        groups = _components(joined, len(candidates))
        found += [first + candidates[group] for group in groups]
    return sorted(found, key=lambda group: (-len(group), group[0]))


def _joined(
    active: Iterable[Bool[np.ndarray, "n x"]], count: int, settings: Grouping
) -> Int[np.ndarray, "_ 2"]:
    """Pairs of candidates whose cells hash alike on enough images."""
    often = np.zeros((count, count), np.int32)
    of, orders = settings, None
    for one in active:
        if orders is None:
            seed = of.seed + 1
            orders = _orders(one.shape[1], of.cell_bands, of.cell_band_size, seed)
        alike = np.zeros((count, count), bool)
        for band in _bands(one, orders).T:
            alike |= (band[:, None] == band) & (band >= 0)
        often += alike
    return np.argwhere(np.triu(often >= of.least, 1))


def _orders(
    things: int, bands: int, size: int, seed: int
) -> Int[np.ndarray, "bands r x"]:
    """Random orders of x things, `size` of them for each band."""
    rng = stream(seed, "orders of MinHash", bands, size)
    own = np.tile(np.arange(things, dtype=np.int32), (bands, size, 1))
    return rng.permuted(own, axis=2)


def _bands(
    sets: Bool[np.ndarray, "n x"], orders: Int[np.ndarray, "bands r x"]
) -> Int[np.ndarray, "n bands"]:
    """MinHash of sets of x things, one number a band; -1 for an empty set.

    A hash is the first of a set's things in an order, which is the same for all sets.
    The chance that two sets have the same is their Jaccard index (Broder, 1997,
    https://doi.org/10.1109/SEQUEN.1997.666900).
    """
    # 63 bits of a band's hashes together: others hardly ever have the same.
    weights = np.random.default_rng(0).integers(1 << 62, size=orders.shape[1])
    found = np.empty((len(sets), len(orders)), np.int64)
    for band, own in enumerate(orders):
        hashes = sets[:, own].argmax(axis=2)
        found[:, band] = (hashes @ weights) & np.iinfo(np.int64).max
    found[~sets.any(axis=1)] = -1
    return found


def _in_one_bucket(bands: Int[np.ndarray, "n bands"]) -> Int[np.ndarray, "_ 2"]:
    """Links that connect all sets with a band in common: each with their first one."""
    links = [np.zeros((0, 2), int)]
    for band in bands.T:
        filled = np.flatnonzero(band >= 0)
        _, first, bucket = np.unique(
            band[filled], return_index=True, return_inverse=True
        )
        links.append(np.stack([filled[first[bucket]], filled], axis=1))
    return np.concatenate(links)


def _components(links: Int[np.ndarray, "_ 2"], size: int) -> list[np.ndarray]:
    """Connected groups of two or more, ascending."""
    graph = coo_array((np.ones(len(links)), links.T), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    return [np.flatnonzero(group == g) for g in np.flatnonzero(np.bincount(group) > 1)]
