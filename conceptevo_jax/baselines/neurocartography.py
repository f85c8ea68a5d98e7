"""NeuroCartography (Park et al., 2021, https://doi.org/10.1109/TVCG.2021.3114858).

It does two things with the neurons of one snapshot: it gives them vectors, fitted to
that snapshot alone, and it groups those that detect the same concept. Its vectors
minimise the same objective as ConceptEvo's base vectors (Eq. 1 of Park et al., 2023);
ConceptEvo projects other snapshots instead of fitting them anew.

Departures from the authors' code: the term that pushes a neuron from a random one uses
both vectors, while the code multiplies the random one with itself; and MinHash uses one
set of permutations for all neurons, while the code draws new ones for each, which makes
hashes incomparable. Dead neurons have no vector and no group.

For the costs of fitting see `conceptevo_jax.embedding`. Grouping costs some
milliseconds for every image of a site's candidates: 24 s for 300 neurons that share
2,500 images, all of them candidates, besides reading the images up to the site.
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
from conceptevo_jax.baselines.minhash import bucket_links, hash_bands, random_orders
from conceptevo_jax.data import sequential_batches
from conceptevo_jax.embedding import FitReport, fit_neurons
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.types import Embedding, Site, Stimuli, record, site_slices

_BATCH = 64
"""Images whose maps are read at a time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How a snapshot's vectors are fitted; the defaults are NeuroCartography's own.

    Attributes:
      images: Number of stimuli: a neuron's strongest images.
      dim: Dimension of the vectors.
      learning_rate: Step per pair.
      negatives: Random neurons per neuron of a pair.
      repeats: How often pairs are sampled anew.
      batch_size: Maximum number of pairs per update.
    """

    images: int = 100
    dim: int = 30
    learning_rate: float = 0.01
    negatives: int = 10
    repeats: int = 30
    batch_size: int = 256


FIGURE_9 = FitSettings(images=20, negatives=3, repeats=100)
"""What the paper's Figure 9b was made with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupingSettings:
    """How neurons are grouped; the defaults are NeuroCartography's own.

    Attributes:
      bands: Bands of hashes of a neuron's images; two neurons with a band in common
        may detect the same concept.
      band_size: Hashes per band.
      cell_bands: Bands of hashes of its activated cells on one image.
      cell_band_size: Hashes per band of cells.
      min_images: Number of images on which the cells of two neurons must have a band
        in common for them to be grouped.
      seed: Decides the hash functions.
    """

    bands: int = 100
    band_size: int = 2
    cell_bands: int = 20
    cell_band_size: int = 10
    min_images: int = 1
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
    stimuli: Stimuli, settings: FitSettings, *, seed: int
) -> tuple[Embedding, FitReport]:
    """Give the neurons of one snapshot vectors, independent of any other snapshot.

    Args:
      stimuli: With `settings.images` images per neuron, or more.
      settings: See `FitSettings`.
      seed: Decides initial vectors, pairs and negatives.

    Returns:
      The vectors, and how the objective descended.

    Raises:
      UsageError: if there are fewer images per neuron, or as `fit_neurons` does.
    """
    images_per_neuron = stimuli.image_ids.shape[1]
    if settings.images > images_per_neuron:
        raise UsageError(
            f"NeuroCartography needs {settings.images} images per neuron, but "
            f"{images_per_neuron} were searched for; search for more, or lower "
            "`images`."
        )
    fit_settings = dataclasses.asdict(settings)
    strongest_stimuli = stimuli.strongest(fit_settings.pop("images"))
    return fit_neurons(
        strongest_stimuli, negatives_learn=False, seed=seed, **fit_settings
    )


def group_neurons(
    stimuli: Stimuli, cells: Cells, settings: GroupingSettings | None = None
) -> Groups:
    """Group the neurons of each site that detect the same concept.

    Two neurons are candidates if their images have a band of hashes in common, directly
    or by way of other neurons; they are grouped if their activated cells have one on
    `min_images` of the candidates' images.

    Args:
      stimuli: Each neuron's images.
      cells: See `Cells`; `activated_cells` reads them from a model.
      settings: See `GroupingSettings`.
    """
    settings = settings or GroupingSettings()
    members: list[np.ndarray] = []
    names: list[str] = []
    slices = site_slices(stimuli.sites)
    for site in stimuli.sites:
        first = slices[site.name].start
        groups = _group_site(site, first, stimuli, cells, settings)
        members += groups
        names += [site.name] * len(groups)
    return Groups(members=tuple(members), sites=tuple(names))


def _compile_cells(
    model: Model, name: str
) -> Callable[[Variables, Array], Bool[Array, "b x c"]]:
    """Compile a function that finds the positive cells of a site's maps."""
    read = read_activations(model, [name])

    def cells(variables: Variables, images: Array) -> Bool[Array, "b x c"]:
        maps = read(variables, images)[1][name]
        return maps.reshape(maps.shape[0], -1, maps.shape[-1]) > 0

    # Compiled without other outputs, so that layers after the site are left out.
    return jax.jit(cells)


def activated_cells(
    model: Model, variables: Variables, pixels: Callable[[np.ndarray], np.ndarray]
) -> Cells:
    """A reader of activated cells.

    Args:
      model: The model whose sites are read.
      variables: The snapshot's variables.
      pixels: Returns images of the pool by their rows, uint8 `[b h w 3]`.
    """
    readers: dict[str, Callable[[Variables, Array], Array]] = {}

    def read(
        site: Site, rows: Int[np.ndarray, " i"]
    ) -> Iterator[Bool[np.ndarray, "x c"]]:
        if site.name not in readers:
            readers[site.name] = _compile_cells(model, site.name)
        for batch, valid in sequential_batches(len(rows), _BATCH):
            images = jnp.asarray(pixels(rows[batch]))
            yield from np.asarray(readers[site.name](variables, images))[valid]

    return read


def _group_site(
    site: Site, first: int, stimuli: Stimuli, cells: Cells, settings: GroupingSettings
) -> list[np.ndarray]:
    """The groups of one site, whose neurons are numbered from `first` on."""
    ids = stimuli.image_ids[first : first + site.channels]
    site_images, columns = np.unique(ids[ids >= 0], return_inverse=True)
    has_image = np.zeros((site.channels, len(site_images)), bool)
    has_image[np.nonzero(ids >= 0)[0], columns] = True
    orders = random_orders(
        len(site_images),
        bands=settings.bands,
        band_size=settings.band_size,
        seed=settings.seed,
    )
    links = bucket_links(hash_bands(has_image, orders))
    groups = []
    for candidates in _components(links, site.channels):
        images = site_images[has_image[candidates].any(axis=0)]
        active = (image_cells[:, candidates].T for image_cells in cells(site, images))
        pairs = _agreeing_pairs(active, len(candidates), settings)
        members = _components(pairs, len(candidates))
        groups += [first + candidates[rows] for rows in members]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _agreeing_pairs(
    active: Iterable[Bool[np.ndarray, "n x"]], count: int, settings: GroupingSettings
) -> Int[np.ndarray, "_ 2"]:
    """Pairs of candidates whose cells have a band in common on enough images."""
    image_counts = np.zeros((count, count), np.int32)
    orders = None
    for image_cells in active:
        if orders is None:  # the number of cells is known from the first image on
            orders = random_orders(
                image_cells.shape[1],
                bands=settings.cell_bands,
                band_size=settings.cell_band_size,
                seed=settings.seed + 1,
            )
        share_band = np.zeros((count, count), bool)
        for band in hash_bands(image_cells, orders).T:
            share_band |= (band[:, None] == band) & (band >= 0)
        image_counts += share_band
    return np.argwhere(np.triu(image_counts >= settings.min_images, 1))


def _components(links: Int[np.ndarray, "_ 2"], size: int) -> list[np.ndarray]:
    """Connected groups of two or more, ascending."""
    graph = coo_array((np.ones(len(links)), links.T), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    return [np.flatnonzero(group == g) for g in np.flatnonzero(np.bincount(group) > 1)]
