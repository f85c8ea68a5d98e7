"""Errors of the monitor are counted by what became of a run."""

import importlib

import pytest

from conceptevo_jax.analysis.statistics.intervals import exact_interval
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import runner
from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor import DAMAGED, LOST
from conceptevo_jax.monitor import HEALTHY as QUIET
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.monitor_rates.claims import MIN_RUNS, rate_claim
from conceptevo_jax.reports.monitor_rates.measure import watch
from conceptevo_jax.reports.monitor_rates.tables import rate_rows
from conceptevo_jax.training import Row

rates = runner("monitor_rates")


def config(*words):
    words = ["experiment=monitor_rates", *words]
    return resolve(composed_config(words))


def trained(test, status, model):
    table = [
        Row(
            epoch=epoch,
            step=0,
            learning_rate=0.1,
            loss=1.0,
            running_top1=0.5,
            running_top5=0.5,
            train_top1=value,
            train_top5=0.9,
            test_top1=value,
            test_top5=0.9,
            nonfinite_step=None,
            seconds=0.0,
        )
        for epoch, value in enumerate(test)
    ]
    reports = [{"epoch": e, "status": told} for e, told in enumerate(status)]
    return TrainedRun(
        name="x",
        key="k",
        model=model,
        rows=table,
        snapshots=[],
        observations={},
        keys={},
        reports=reports,
    )


@pytest.fixture(scope="module")
def model():
    models = importlib.import_module("conceptevo_jax.models")
    return models.build_model("vgg16", preset="tiny", classes=10)


@pytest.mark.parametrize(
    ("test", "kind", "dropped"),
    [
        ([0.4, 0.6, 0.7], "healthy", None),
        ([0.4, 0.3, 0.45], "other", None),
        ([0.4, 0.6, 0.2, 0.1], "failing", 2),
        ([0.4, 0.6, 0.2, 0.6], "recovering", 2),
        ([0.4, 0.6, 0.2, 0.3], "other", 2),
        ([0.4, 0.8, 0.5], "other", None),
    ],
)
def test_a_run_counts_if_it_did_what_its_recipe_is_for(model, test, kind, dropped):
    quiet = [QUIET] * len(test)
    for meant in MIN_RUNS:
        found = watch(trained(test, quiet, model), "r", meant, 10)
        assert found.kind == (kind if kind == meant else "other")
        assert found.dropped == dropped


def test_errors_are_counted_with_exact_intervals(model):
    fine, loud = [0.4, 0.6, 0.7, 0.7], [0.4, 0.6, 0.2, 0.1]
    back = [0.4, 0.6, 0.2, 0.6]
    runs = [
        trained(fine, [QUIET] * 4, model),
        trained(fine, [QUIET, DAMAGED, QUIET, QUIET], model),
        trained(loud, [QUIET, DAMAGED, QUIET, LOST], model),
        trained(loud, [QUIET, QUIET, QUIET, LOST], model),
        trained(loud, [QUIET, QUIET, DAMAGED, QUIET], model),
        trained(back, [QUIET, QUIET, DAMAGED, QUIET], model),
        trained(back, [QUIET, QUIET, LOST, QUIET], model),
    ]
    meant = ["healthy"] * 2 + ["failing"] * 3 + ["recovering"] * 2
    watched = [watch(run, "r", kind, 10) for run, kind in zip(runs, meant, strict=True)]
    found = {row["error"]: row for row in rate_rows(watched) if row["model"] == "all"}
    counts = {name: (row["errors"], row["runs"]) for name, row in found.items()}
    assert counts == {
        "false_alarm": (1, 2),
        "false_stop": (0, 2),
        "late": (1, 3),
        "missed": (1, 3),
        "unseen": (0, 2),
        "given_up": (1, 2),
    }
    assert (found["late"]["low"], found["late"]["high"]) == exact_interval(1, 3)
    claims = [rate_claim(row) for row in found.values()]
    assert all(claim.holds is None for claim in claims)
    assert "fewer than the 36 needed" in claims[0].why


@pytest.mark.parametrize(
    ("errors", "runs", "holds"), [(0, 35, None), (0, 36, True), (1, 36, False)]
)
def test_a_rate_is_low_enough_by_the_end_of_its_interval(errors, runs, holds):
    low, high = exact_interval(errors, runs)
    row = {"error": "false_alarm", "errors": errors, "runs": runs}
    row |= {"rate": errors / runs, "low": low, "high": high}
    assert rate_claim(row).holds is holds


def test_the_exact_interval_is_clopper_and_pearsons():
    low, high = exact_interval(0, 20)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert exact_interval(0, 0) is None


def test_there_are_enough_runs_of_every_kind_and_none_that_chose_the_rules():
    found = config()
    by_kind: dict[str, int] = {}
    for rate in found.rates.values():
        by_kind[rate.kind] = by_kind.get(rate.kind, 0) + len(rate.seeds)
        assert not {101, 102, 103, 201, 202} & set(rate.seeds)
    assert all(by_kind[kind] >= MIN_RUNS[kind] for kind in MIN_RUNS)
    assert len(rates.jobs(found)) == sum(by_kind.values())
    assert len(rates.jobs(config("scale=smoke"))) == len(found.rates)


def test_mistakes_in_the_list_of_runs_are_named():
    with pytest.raises(UsageError, match=r"kind 'fine'\. Valid: failing, healthy"):
        rates.jobs(config("rates.vgg16.kind=fine"))
    with pytest.raises(UsageError, match=r"run in rates 'vgg16'\. Valid: .*inception"):
        rates.jobs(config("~runs.vgg16"))
