"""Settings tried one at a time: what must be equal is, and claims follow the table."""

import csv
import json
import math

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.errors import UsageError
from conceptevo_jax.reports.hyperparameters.claims import near_best_claims
from conceptevo_jax.reports.hyperparameters.measure import Tried
from conceptevo_jax.reports.hyperparameters.settings import HyperparametersSettings
from conceptevo_jax.reports.hyperparameters.trials import is_centre, trials_of
from conceptevo_jax.reports.settings import ComparedMethods

WORDS = (
    "experiment=hyperparameters",
    "scale=smoke",
    "~runs.inception_v3",
    "hyperparameters.bases=[vgg16]",
    *(
        f"hyperparameters.around_{name}"
        for name in (
            "paper.stimuli.k=[]",
            "paper.embedding.dim=[5,30]",
            "paper.embedding.negatives=[]",
            "paper.embedding.learning_rate=[.05,50]",
            "paper.projection.learning_rate=[.002,.01]",
            "paper.projection.policy=[covered,random]",
            "paper.projection.ridge=[]",
            "paper.pool_share=[.5,1]",
            "default.projection.stimuli=[10,60]",
            "default.projection.temperature=[]",
            "default.projection.responsive=[]",
            "default.stimuli.k=[10,20]",
        )
    ),
)


@pytest.fixture
def folder(demo, call):
    """The result folder; written once, for finished stages are reused."""
    where = demo.folder.with_name("hyperparameters-smoke")
    if not (where / "results.json").is_file():
        code, _, err = call(*WORDS, f"run_dir={where}")
        assert code == 0, err
    return where


def made(*words):
    return resolve(composed_config(list(words)))


def table(folder):
    with (folder / "tables" / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def aucs(rows):
    return [
        [float(row[f"auc_{a}"]) for a in ("correlation", "overlap")] for row in rows
    ]


def test_a_trial_at_the_centres_own_value_is_the_centre(folder):
    rows = table(folder)
    for centre in ("paper", "default"):
        own = [row for row in rows if row["around"] == centre]
        first = [row for row in own if row["setting"] == "all"]
        assert [row["run"] for row in first] == ["convnext_tiny"]
        again = [r for r in own if r["is_centre"] == "True" and r["setting"] != "all"]
        for setting in {row["setting"] for row in again}:
            same = [row for row in again if row["setting"] == setting]
            assert aucs(same) == aucs(first)


def test_what_differs_makes_a_difference(folder):
    rows = table(folder)
    for setting in ("embedding.dim", "pool_share", "projection.policy", "stimuli.k"):
        own = [row for row in rows if row["setting"] == setting]
        used, other = (
            aucs([r for r in own if r["is_centre"] == flag])
            for flag in ("True", "False")
        )
        assert used != other


def test_a_rate_that_diverges_is_told_and_ends_nothing(folder):
    own = [r for r in table(folder) if r["setting"] == "embedding.learning_rate"]
    broken, sound = ([r for r in own if r["value"] == v] for v in ("50", "0.05"))
    assert "not finite" in broken[0]["why_not"]
    assert not broken[0]["auc_overlap"]
    assert sound[0]["auc_overlap"]
    found = json.loads((folder / "results.json").read_text())["claims"]
    claim = next(c for c in found if "embedding.learning_rate" in c["id"])
    assert claim["holds"] is True
    assert "50: diverges" in claim["why"]


def test_claims_follow_the_table(folder):
    found = json.loads((folder / "results.json").read_text())["claims"]
    by_id = {claim["id"]: claim for claim in found}
    rows = table(folder)
    for centre, setting in (
        ("paper", "embedding.dim"),
        ("default", "projection.stimuli"),
    ):
        own = [
            row for row in rows if (row["around"], row["setting"]) == (centre, setting)
        ]
        names = [f"auc_{a}" for a in ("correlation", "centred", "overlap")]
        quality = {}
        for row in own:
            mean = np.mean([float(row[name]) for name in names])
            quality.setdefault((row["value"], row["is_centre"]), []).append(mean)
        means = {key: np.mean(values) for key, values in quality.items()}
        used = next(mean for (_, flag), mean in means.items() if flag == "True")
        claim = by_id[f"{centre}_{setting}_near_best"]
        assert claim["measured"] == pytest.approx(max(means.values()) - used)
        # One base and one other run: one pair, which has no interval.
        assert claim["interval"] is None
        assert claim["holds"] == (claim["measured"] <= 0.01)
        assert not math.isnan(claim["measured"])


@pytest.mark.parametrize(
    ("gaps", "holds"),
    [((0.004, 0.004), True), ((0.0, 0.008), False), ((0.02, 0.02), False)],
)
def test_a_setting_is_near_the_best_by_the_end_of_its_interval(gaps, holds):
    config = made(*WORDS[:2], "hyperparameters.bases=[vgg16]")
    HyperparametersSettings.of(config).around_paper = {"embedding": {"dim": [5, 30]}}
    HyperparametersSettings.of(config).around_default = {}
    _, better, used = trials_of(config)

    def tried(gains):
        aucs = 0.8 + np.repeat(np.array(gains)[:, None], 3, axis=1)
        return {"vgg16": Tried(runs=("a", "b"), aucs=aucs)}

    scored = [(better, tried(gaps)), (used, tried((0.0, 0.0)))]
    (claim,) = near_best_claims(config, scored)
    assert claim.measured == pytest.approx(np.mean(gaps))
    assert claim.interval == pytest.approx(mean_interval(gaps))
    assert (claim.n, claim.holds) == (2, holds)


def test_figures_are_drawn(folder):
    for name in ("around_paper", "around_default"):
        with Image.open(folder / "figures" / f"{name}.png") as image:
            assert min(image.size) > 300


def test_each_trial_differs_from_its_centre_in_one_setting():
    config = made(*WORDS)
    trials = trials_of(config)
    assert len(trials) == 2 + 10 + 4
    centres = [trial for trial in trials if not trial.factor]
    assert [trial.centre for trial in centres] == ["paper", "default"]
    methods = {
        "paper": ComparedMethods.of(config).methods["paper"],
        "default": config.method,
    }
    # A random start is what the policy of that name is about.
    changed = {"projection.initial"}
    for trial in trials:
        first = flat(next(c for c in centres if c.centre == trial.centre).method)
        own = flat(trial.method)
        differs = {key for key in first if first[key] != own[key]}
        assert differs <= {trial.factor} | changed
        same = not differs - changed and trial.pool_share == 1
        assert is_centre(trial, methods[trial.centre]) == same


def flat(method):
    return {
        f"{group}.{name}": value
        for group, settings in vars(method).items()
        if hasattr(settings, "__dict__")
        for name, value in vars(settings).items()
    }


@pytest.mark.parametrize(
    ("factor", "named"),
    [
        ({"embeding": {"dim": [1]}}, "'embeding'.*embedding"),
        ({"embedding": {"dims": [1]}}, "'dims'.*dim"),
        ({"embedding": {"dim": 5}}, "embedding.dim is 5; give a list"),
    ],
)
def test_settings_that_do_not_exist_are_told(factor, named):
    config = made(*WORDS[:2])
    HyperparametersSettings.of(config).around_paper = factor
    with pytest.raises(UsageError, match=named):
        trials_of(config)
