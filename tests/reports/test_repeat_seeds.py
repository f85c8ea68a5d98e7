"""Repeats differ in every seed but that of the images; aggregates are means."""

import csv

import pytest

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.reports.importance.evolutions import measured_classes
from conceptevo_jax.reports.importance.settings import ImportanceSettings
from conceptevo_jax.reports.repeat_seeds import (
    SEED_STEP,
    aggregate_claims,
    aggregate_tables,
    repeats,
)
from conceptevo_jax.reports.unified_space.settings import CollapseSettings


@pytest.fixture
def config():
    return resolve(composed_config(["experiment=demo", "scale=smoke", "seeds=3"]))


def test_the_first_repeat_is_the_experiment_without_seeds(config):
    first = repeats(config)[0]
    alone = resolve(composed_config(["experiment=demo", "scale=smoke"]))
    first.run_dir = None
    assert first == alone


def test_every_seed_moves_on_but_that_of_the_images(config):
    found = repeats(config)
    assert len(found) == 3
    for number, one in enumerate(found):
        assert one.seed == config.seed + number
        assert one.seeds == 1
        assert one.dataset == config.dataset
        assert one.collapse.seeds == [
            seed + SEED_STEP * number
            for seed in CollapseSettings.of(config).collapse.seeds
        ]
        for name, run in one.runs.items():
            assert run.seed == config.runs[name].seed + SEED_STEP * number
            assert run.optimizer == config.runs[name].optimizer


def test_repeats_measure_the_same_classes(config):
    """Rows of their tables are averaged, so they have to be of the same class."""
    ImportanceSettings.of(config).classes = 3
    drawn = [measured_classes(one, 100) for one in repeats(config)]
    assert drawn[0] == drawn[1] == drawn[2]
    config.dataset.seed += 1
    assert measured_classes(config, 100) != drawn[0]


def test_repeats_have_folders_of_their_own_beside_the_aggregate(config):
    folders = [one.run_dir for one in repeats(config)]
    assert len(set(folders)) == 3
    assert all(
        folder.endswith(f"demo-smoke-seeds3-{n}") for n, folder in enumerate(folders)
    )


def claim(measured, holds, name="c"):
    return Claim(
        id=name,
        paper="said",
        rule="rises",
        measured=measured,
        interval=(0.0, 1.0),
        n=7,
        holds=holds,
        why="of one seed",
    )


def test_a_claim_holds_if_it_does_under_every_seed():
    values = (0.1, 0.2, 0.6)
    (found,) = aggregate_claims([0, 1, 2], [[claim(v, True)] for v in values])
    assert found.measured == pytest.approx(0.3)
    assert found.interval == pytest.approx(mean_interval(values))
    assert (found.n, found.holds, found.paper) == (3, True, "said")
    assert found.why.startswith("holds for 3 of 3 seeds; seed 0: 0.100; seed 1")
    mixed = [[claim(0.1, True)], [claim(0.2, False)]]
    (found,) = aggregate_claims([0, 1], mixed)
    assert found.holds is False
    assert "1 of 2 seeds" in found.why


def test_seeds_that_did_not_measure_a_claim_do_not_count():
    found = aggregate_claims(
        [0, 1, 2],
        [[claim(0.5, True)], [claim(None, None)], [claim(0.1, None, "other")]],
    )
    assert [(one.id, one.n, one.holds) for one in found] == [
        ("c", 1, True),
        ("other", 1, None),
    ]
    (never,) = aggregate_claims([0, 1], [[claim(None, None)]] * 2)
    assert (never.measured, never.holds, never.why) == (None, None, "of one seed")


def test_what_never_came_to_pass_has_failed_without_a_number():
    """A rank that never fell has no epoch of its fall: it still counts as a no."""
    (found,) = aggregate_claims(
        [0, 1, 2], [[claim(None, False)], [claim(0.5, True)], [claim(0.1, True)]]
    )
    assert (found.n, found.holds) == (2, False)
    assert "2 of 3 seeds" in found.why
    (found,) = aggregate_claims([0, 1], [[claim(None, False)]] * 2)
    assert (found.measured, found.n, found.holds) == (None, 0, False)
    assert found.why == "holds for 0 of 2 seeds"


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_are_aggregated_row_by_row(tmp_path):
    folders = [tmp_path / str(n) for n in range(3)]
    values, kinds = (1.0, 2.0, 6.0), ("a", "b", "b")
    for folder, value, kind in zip(folders, values, kinds, strict=True):
        rows = [
            {"run": "x", "value": value, "low": value - 1, "kind": kind, "epoch": 1},
            {"run": "y", "value": 3, "low": 2, "kind": "same", "epoch": int(value)},
        ]
        write_csv(folder / "tables" / "t.csv", rows)
        # One that differs in length from seed to seed stays with each.
        write_csv(folder / "tables" / "uneven.csv", rows[: 1 + int(value > 1)])
    target = tmp_path / "all"
    (written,) = aggregate_tables(folders, target)
    assert written == target / "tables" / "t.csv"
    first, second = table(target, "t")
    columns = ["run", "value", "value_low", "value_high", "low", "kind", "epoch"]
    assert list(first) == columns
    low, high = mean_interval(values)
    assert float(first["value"]) == pytest.approx(3)
    assert float(first["value_low"]) == pytest.approx(low)
    assert float(first["value_high"]) == pytest.approx(high)
    assert (first["low"], first["kind"]) == ("2.0", "a | b | b")
    # What is the same under every seed is kept as it is, and so is its interval.
    ends = (second["value_low"], second["value"], second["value_high"])
    assert (*ends, second["kind"]) == ("3", "3", "3", "same")
    # Snapshots are named, not averaged.
    assert (first["epoch"], second["epoch"]) == ("1", "1 | 2 | 6")


def test_a_table_that_a_seed_lacks_is_left_out(tmp_path):
    folders = [tmp_path / str(n) for n in range(2)]
    write_csv(folders[0] / "tables" / "t.csv", [{"a": 1}])
    assert aggregate_tables(folders, tmp_path / "all") == []
