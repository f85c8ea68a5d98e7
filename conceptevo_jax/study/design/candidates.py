"""Neurons of many snapshots as candidates for one group.

Candidates are the neurons that are live, have a vector in the space and are no copy
of another neuron of their network. They are numbered across snapshots, and each also
has a *channel*, which is the same for one neuron of a run at all epochs.

Costs a copy of the vectors.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import Site, copied_neurons, neuron_count, record, site_slices


@record
class Population:
    """The neurons of one snapshot in the unified space.

    Attributes:
      run: Name of the run.
      epoch: The snapshot's epoch.
      model: The name of the architecture, which identifies a model.
      sites: The model's sites in forward order.
      vectors: The neurons in the space; NaN without a vector.
      live: Which neurons respond to any image.
    """

    run: str
    epoch: Epoch
    model: str
    sites: tuple[Site, ...]
    vectors: Float[np.ndarray, "n d"]
    live: Bool[np.ndarray, " n"]

    def __post_init__(self) -> None:
        n = neuron_count(self.sites)
        if {len(self.vectors), len(self.live)} != {n}:
            raise DataError(
                f"{self.snapshot} has {n} neurons at its sites, but "
                f"{len(self.vectors)} vectors and {len(self.live)} marks of life: they "
                "belong to another model. Make them again."
            )

    @property
    def snapshot(self) -> str:
        """`run@epoch`."""
        return str(SnapshotId(self.run, self.epoch))

    def neuron_id(self, index: int) -> str:
        """`run@epoch/site/index` of one neuron."""
        for name, neurons in site_slices(self.sites).items():
            if neurons.start <= index < neurons.stop:
                return f"{self.snapshot}/{name}/{index - neurons.start}"
        raise IndexError(index)


@record
class Candidates:
    """Neurons of several snapshots that a group can be made of, one row each.

    Attributes:
      populations: The snapshots they are of.
      snapshot: Position of each candidate's snapshot among the populations.
      index: Which neuron of the snapshot it is.
      channel: A number for each run, site and index, whatever the epoch.
      run: A number for each run.
      model: A number for each model.
      directions: Its vector at length 1.
    """

    populations: tuple[Population, ...]
    snapshot: Int[np.ndarray, " n"]
    index: Int[np.ndarray, " n"]
    channel: Int[np.ndarray, " n"]
    run: Int[np.ndarray, " n"]
    model: Int[np.ndarray, " n"]
    directions: Float64[np.ndarray, "n d"]

    def __len__(self) -> int:
        return len(self.index)

    def neuron_id(self, row: int) -> str:
        """`run@epoch/site/index` of one candidate."""
        return self.populations[self.snapshot[row]].neuron_id(int(self.index[row]))

    def select(self, mask: Bool[np.ndarray, " n"]) -> "Candidates":
        """Only the candidates where the mask is true."""
        columns = {
            field.name: column[mask]
            for field in dataclasses.fields(self)
            if isinstance(column := getattr(self, field.name), np.ndarray)
        }
        return dataclasses.replace(self, **columns)


def gather_candidates(populations: Sequence[Population]) -> Candidates:
    """Number the neurons of all snapshots that can be members of a group.

    Args:
      populations: At least one snapshot, all in one space.

    Raises:
      UsageError: without a snapshot, or if one is given twice.
      DataError: if the snapshots of one run have other sites.
    """
    _require_different_snapshots(populations)
    numbering = _run_numbering(populations)
    run_numbers = [numbering[population.run][0] for population in populations]
    offsets = [numbering[population.run][1] for population in populations]
    models = {population.model: number for number, population in enumerate(populations)}
    usable = [_usable_neurons(population) for population in populations]
    counts = [len(neurons) for neurons in usable]
    index = np.concatenate(usable)
    return Candidates(
        populations=tuple(populations),
        snapshot=np.repeat(np.arange(len(counts)), counts),
        index=index,
        channel=index + np.repeat(offsets, counts),
        run=np.repeat(run_numbers, counts),
        model=np.repeat([models[p.model] for p in populations], counts),
        directions=_directions(populations, usable),
    )


def _directions(
    populations: Sequence[Population], neurons: Sequence[Int[np.ndarray, " _"]]
) -> Float64[np.ndarray, "n d"]:
    """Vectors of the neurons of each population, scaled to length 1."""
    vectors = np.concatenate(
        [
            population.vectors[indices]
            for population, indices in zip(populations, neurons, strict=True)
        ]
    ).astype(np.float64)
    return unit_rows(vectors, np.zeros(len(vectors)))


def _require_different_snapshots(populations: Sequence[Population]) -> None:
    names = [population.snapshot for population in populations]
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates or not names:
        listed_names = ", ".join(sorted(duplicates)) if duplicates else "none"
        raise UsageError(
            f"groups need snapshots that differ, but {listed_names} was given"
            f"{' twice' if duplicates else ''}: pass each snapshot once."
        )


def split_id(neuron: str) -> tuple[str, str, int]:
    """Snapshot, site and index of an id `run@epoch/site/index`.

    Raises:
      UsageError: if it does not read so.
    """
    parts = neuron.rsplit("/", 2)
    if len(parts) == 3 and "@" in parts[0] and parts[2].isdecimal():
        return parts[0], parts[1], int(parts[2])
    raise UsageError(
        f"{neuron!r} is not a neuron: an id reads run@epoch/site/index, such as "
        "vgg16@7/features.28/41."
    )


def neuron_place(neuron: str, sites: Sequence[Site]) -> int:
    """Position of a neuron among all neurons of its model, sites in forward order.

    Args:
      neuron: Its id, `run@epoch/site/index`.
      sites: The model's sites in forward order.

    Raises:
      UsageError: if there is no such site or index.
    """
    _, name, index = split_id(neuron)
    slices = site_slices(sites)
    if name not in slices or index >= slices[name].stop - slices[name].start:
        sizes = ", ".join(f"{site.name} ({site.channels})" for site in sites)
        raise UsageError(
            f"{neuron} does not exist; sites and their numbers of neurons: {sizes}."
        )
    return slices[name].start + index


def _run_numbering(populations: Sequence[Population]) -> dict[str, tuple[int, int]]:
    """By name: each run's number, and the number of channels of the runs before it."""
    numbering: dict[str, tuple[int, int]] = {}
    sites: dict[str, tuple[Site, ...]] = {}
    channel_offset = 0
    for population in populations:
        name = population.run
        if name not in numbering:
            numbering[name], sites[name] = (
                (len(numbering), channel_offset),
                population.sites,
            )
            channel_offset += neuron_count(population.sites)
        elif population.sites != sites[name]:
            raise DataError(
                f"{population.snapshot} has other sites than the run's other "
                "snapshots: a run is one training of one model. Give another training "
                "another name."
            )
    return numbering


def _usable_neurons(population: Population) -> Int[np.ndarray, " _"]:
    """Neurons that can be in a group: alive, placed, and no copy of another."""
    is_placed = np.isfinite(population.vectors).all(axis=1)
    # A zero vector has no direction, so no cosine with other candidates.
    has_direction = is_placed & (population.vectors != 0).any(axis=1)
    is_original = ~copied_neurons(population.sites)
    return np.flatnonzero(has_direction & population.live & is_original)
