"""Configurations: they compose, mirror what lies below, and refuse what is wrong."""

import dataclasses
import inspect
from pathlib import Path

import omegaconf
import pytest
from hydra.errors import HydraException

from conceptevo_jax import config as schemas
from conceptevo_jax.analysis import ScoringSettings
from conceptevo_jax.benchmarks.check_settings import check_benchmark
from conceptevo_jax.cli.compose import explain, resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import experiments, folder
from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.config import schema_values
from conceptevo_jax.embedding import fit_neurons
from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor import ConceptMonitor
from conceptevo_jax.pipeline.cached_space import space_settings
from conceptevo_jax.pipeline.runs import training_of
from conceptevo_jax.projection import SolveSettings, SpaceSettings, fit_layout
from conceptevo_jax.reports.check_config import check_config
from conceptevo_jax.reports.importance.evolutions import scoring_of
from conceptevo_jax.reports.unified_space.settings import CollapseSettings
from conceptevo_jax.stimuli import (
    BASE_SAMPLE,
    Search,
    find_stimuli,
    stimuli_of_arrays,
)
from conceptevo_jax.training import Optimizer, Regularisation, Training


def names(group):
    return sorted(path.stem for path in (folder("configs") / group).glob("*.yaml"))


SCALES = [
    name for name in names("scale") if (folder("configs") / "run" / name).is_dir()
]
CHOICES = [
    (experiment, scale, method)
    for experiment in names("experiment")
    for scale in SCALES
    for method in names("method")
]


def made(*words, experiment="demo", scale="smoke"):
    chosen = [f"experiment={experiment}", f"scale={scale}", *words]
    return resolve(composed_config(chosen))


def test_every_experiment_has_a_configuration_and_back():
    assert names("experiment") == experiments()
    assert Path(folder("experiments")).name == "experiments"


@pytest.mark.slow
@pytest.mark.parametrize(("experiment", "scale", "method"), CHOICES)
def test_every_choice_composes_and_can_be_run(experiment, scale, method):
    config = made(f"method={method}", experiment=experiment, scale=scale)
    assert (config.name, config.scale_name) == (experiment, scale)
    assert config.method.name == method
    check_config(config)
    check_benchmark(config)


def test_only_the_authors_code_derives_the_first_of_tied_cells():
    ties = {name: scoring_of(made(f"method={name}")).ties for name in names("method")}
    assert ties.pop("original_code") == "first"
    assert set(ties.values()) == {"one_sided"}


@pytest.mark.slow
def test_scales_have_runs_and_every_run_is_of_that_preset():
    for scale in SCALES:
        config = made(scale=scale)
        presets = {run.model.preset for run in config.runs.values()}
        assert presets == {config.preset}


def test_the_scale_wins_over_the_experiment():
    assert made(scale="smoke").dataset.name == "shapes"
    assert made(scale="demo").dataset.name == "fashion_mnist"


@pytest.mark.parametrize("scale", SCALES)
def test_the_base_is_never_a_compared_run(scale):
    config = made(scale=scale)
    base = config.runs[config.base]
    others = [run for name, run in config.runs.items() if name != config.base]
    assert base.seed not in [run.seed for run in others]
    assert base.seed not in CollapseSettings.of(config).collapse.seeds


@pytest.mark.parametrize("scale", SCALES)
def test_runs_without_dropout_differ_from_vgg16_in_that_alone(scale):
    runs = made(scale=scale).runs
    one, other = runs["vgg16"], runs["vgg16_no_dropout"]
    assert other.model.name == "vgg16_no_dropout"
    alike = {"title", "model"}
    if scale == "paper":  # footnote 6 shows fewer epochs, and others
        alike |= {"epochs", "milestones"}
    same = {name: getattr(one, name) for name in alike}
    assert dataclasses.replace(other, **same) == one


MISSING = dataclasses.MISSING


def fields_of(kind):
    """Names and defaults of a dataclass, `MISSING` where there is no default."""
    found = {}
    for field in dataclasses.fields(kind):
        made = field.default_factory
        found[field.name] = field.default if made is MISSING else made()
    return found


def keywords_of(function):
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            empty = parameter.default is inspect.Parameter.empty
            found[name] = MISSING if empty else parameter.default
    return found


def without(fields, *left_out):
    return {name: value for name, value in fields.items() if name not in left_out}


MIRRORS = {
    "optimizer": (fields_of(schemas.OptimizerConfig), fields_of(Optimizer)),
    "run": (
        without(
            fields_of(schemas.RunConfig),
            *("title", "model", "milestones", "least_steps"),
        ),
        fields_of(Training),
    ),
    "regularisation": (
        fields_of(schemas.RegularisationConfig),
        fields_of(Regularisation),
    ),
    "stimuli": (fields_of(schemas.SearchConfig), fields_of(Search)),
    "embedding": (
        fields_of(schemas.EmbeddingConfig),
        without(keywords_of(fit_neurons), "seed"),
    ),
    "projection": (
        without(fields_of(schemas.ProjectionConfig), "stimuli"),
        without(fields_of(SpaceSettings) | fields_of(SolveSettings), "seed", "solve"),
    ),
    "layout": (
        fields_of(schemas.LayoutConfig),
        without(keywords_of(fit_layout), "seed"),
    ),
}


OTHER_DEFAULTS = [("run", "optimizer"), ("run", "regularisation")]
"""A schema of its own."""


@pytest.mark.parametrize("group", MIRRORS)
def test_schemas_mirror_the_settings_below_them(group):
    schema, settings = MIRRORS[group]
    assert set(schema) == set(settings)
    for name, default in schema.items():
        one_has_none = default == omegaconf.MISSING or settings[name] is MISSING
        if not one_has_none and (group, name) not in OTHER_DEFAULTS:
            same = tuple(default) if isinstance(default, list) else default
            assert same == settings[name], name


def test_defaults_of_the_python_api_are_the_default_method():
    """`configs/method/default.yaml` alone; scales only change how long Eq. 1 is fit."""
    chosen = omegaconf.OmegaConf.load(folder("configs") / "method" / "default.yaml")
    composed = omegaconf.OmegaConf.merge(schemas.MethodConfig, chosen)
    method = omegaconf.OmegaConf.to_object(composed)
    space, search = space_settings(method.projection, seed=0), method.stimuli
    assert Search() == Search(**schema_values(search))
    assert SpaceSettings() == space
    assert ScoringSettings().ties == method.sensitivity.ties
    for function, values in {
        fit_neurons: schema_values(method.embedding),
        fit_layout: schema_values(method.layout),
        find_stimuli: {"projection_images": method.projection.stimuli},
        stimuli_of_arrays: {"projection_images": method.projection.stimuli},
    }.items():
        assert values.items() <= keywords_of(function).items(), function.__name__
    assert keywords_of(find_stimuli)["sample"] == BASE_SAMPLE
    assert inspect.signature(ConceptMonitor).parameters["k"].default == search.k


def test_settings_arrive_below_as_they_were_chosen():
    config = made("runs.vgg16.early_steps=[3,5]", "method.projection.responsive=7")
    training = training_of(config.runs["vgg16"])
    assert training.early_steps == (3, 5)
    assert (
        training.optimizer.learning_rate == config.runs["vgg16"].optimizer.learning_rate
    )
    space = space_settings(config.method.projection, seed=4)
    assert (space.responsive, space.seed) == (7, 4)
    assert space.solve.solver == config.method.projection.solver
    assert Search(**schema_values(config.method.stimuli)).k == config.method.stimuli.k


@pytest.mark.parametrize(
    ("word", "named"),
    [
        (
            "+foo=3",
            "top level 'foo'.*Valid: alignment, base, baselines, benchmark, .*workers",
        ),
        ("+runs.vgg16.epoch=4", "runs.vgg16 'epoch'. Did you mean 'epochs'"),
        (
            "+method.stimuli.kk=4",
            "method.stimuli 'kk'.*Valid: before_relu, compute, dead, k, t",
        ),
        ("runs.vgg16.epochs=???", "runs.vgg16.epochs.*missing"),
        ("dataset.facts.train=???", "dataset.facts.train.*missing"),
        ("runs.vgg16.title=${nope}", "runs.vgg16.title.*'nope' not found"),
    ],
)
def test_what_hydra_lets_pass_is_refused_by_name(word, named):
    with pytest.raises(UsageError, match=named):
        made(word)


def test_options_of_a_data_set_are_its_own():
    config = made("+dataset.options.seed=3")
    assert config.dataset.options == {
        "train_images": 300,
        "test_images": 250,
        "seed": 3,
    }


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("runs.vgg17.epochs=3", "of runs 'vgg17'. Did you mean 'vgg16'"),
        ("method.stimul.k=3", "of method 'stimul'. Did you mean 'stimuli'"),
        ("sed=3", "top level 'sed'. Did you mean 'seed'"),
        ("method.stimuli.k.deep=3", "'{}' of type 'dict' could not be converted"),
    ],
)
def test_typos_are_told_with_the_names_that_would_have_been_valid(word, named):
    words = ["experiment=demo", "scale=smoke"]
    with pytest.raises(HydraException) as raised:
        composed_config([*words, word])
    error = explain(raised.value, composed_config(words))
    with pytest.raises(UsageError, match=named):
        raise error


def test_without_a_configuration_to_compare_hydras_words_are_kept():
    with pytest.raises(HydraException) as raised:
        composed_config(["experiment=demo", "scale=smoke", "runs.vgg16.epochs=few"])
    message = str(explain(raised.value, None))
    assert "runs.vgg16.epochs=few" in message
    assert "runs.vgg16.epochs must be a whole number" in message


def test_plain_keeps_values_and_turns_lists_into_tuples():
    run = schemas.RunConfig(title="a", epochs=2, batch_size=4, seed=1, early_steps=[1])
    values = schema_values(run, seed=7)
    assert values["early_steps"] == (1,)
    assert (values["epochs"], values["seed"]) == (2, 7)
    assert values["optimizer"] is run.optimizer


def test_a_configuration_survives_being_written(tmp_path):
    from omegaconf import OmegaConf

    composed = composed_config(["experiment=demo", "scale=smoke"])
    OmegaConf.save(composed, tmp_path / "config.yaml", resolve=True)
    again = OmegaConf.merge(
        OmegaConf.structured(PackageSettings), OmegaConf.load(tmp_path / "config.yaml")
    )
    assert resolve(again) == resolve(composed)
