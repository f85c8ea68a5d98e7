"""Run an experiment from its configuration, and report the results."""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import hydra
import jax
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from conceptevo_jax.benchmarks.check_settings import check_benchmark
from conceptevo_jax.cli.compose import Composed, explain, resolve
from conceptevo_jax.cli.config_files import arguments, require_settings_alone
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.locate import TOP_GROUPS, folder, runner
from conceptevo_jax.cli.printing import print_outcome, print_plan
from conceptevo_jax.cli.schema import register
from conceptevo_jax.cli.unknown_settings import require_experiment, require_packages
from conceptevo_jax.cli.words import interpret_words, quote, require_words, typed_names
from conceptevo_jax.config import Config
from conceptevo_jax.devices import is_first, start_processes
from conceptevo_jax.pipeline.outcome import write_results
from conceptevo_jax.pipeline.result_folder import (
    claim_folder,
    keyed_folder,
    require_place,
)
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.printable import printable_name
from conceptevo_jax.reports.check_config import check_config, check_counts, doubts
from conceptevo_jax.reports.fit_to_images import fit_to_images
from conceptevo_jax.reports.repeat_seeds import (
    aggregate_claims,
    aggregate_tables,
    repeats,
)
from conceptevo_jax.store.files import drop_abandoned


def run_experiment(words: Sequence[str]) -> int:
    """Run `conceptevo key=value …`, Hydra's own flags included.

    Raises:
      UsageError: for names, values or keys that do not exist, with the valid ones.
    """
    words = interpret_words(words, register(words))
    require_settings_alone(words)
    parsed_arguments = arguments(words)
    require_words(parsed_arguments.overrides)
    flags_of_hydra = ("help", "hydra_help", "shell_completion")
    if not any(getattr(parsed_arguments, flag) for flag in flags_of_hydra):
        require_experiment(parsed_arguments.overrides)
    require_packages(parsed_arguments.overrides)
    if parsed_arguments.overrides == words:
        _check(words)
    # Hydra would print all errors itself and end with code 1.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    main = hydra.main(
        version_base="1.3", config_path=str(folder("configs")), config_name="config"
    )
    jobs = _Jobs()
    with _plan_sweep_words(parsed_arguments) as sweep_words:
        sys.argv = ["conceptevo", *words, *sweep_words]
        try:
            main(jobs)()
        except HydraException as error:
            raise explain(error, _plain(parsed_arguments.overrides)) from None
    if jobs.failures:
        raise jobs.failures[0]
    return 0


@contextlib.contextmanager
def _plan_sweep_words(parsed_arguments: argparse.Namespace) -> Iterator[list[str]]:
    """Words with which Hydra stores a sweep of plans in a temporary folder."""
    if not parsed_arguments.multirun or "dry_run=true" not in map(
        str.lower, parsed_arguments.overrides
    ):
        yield []
        return
    with tempfile.TemporaryDirectory() as temporary_folder:
        yield [f"hydra.sweep.dir={quote(temporary_folder)}"]


class _Jobs:
    """Executes configurations; stores errors, which Hydra would print in many lines.

    Attributes:
      failures: Errors in order; those in a launcher's processes are raised there.
      promised_folders: Result folders of plans, each with the folder that only it would
        use.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self.failures: list[Exception] = []
        self.promised_folders: dict[Path, Path] = {}

    def __call__(self, composed: Composed) -> None:
        try:
            execute(composed, self.promised_folders)
        except Exception as error:
            if os.getpid() != self.process:
                raise
            hydra_config = HydraConfig.get()
            if hydra_config.mode == RunMode.MULTIRUN:
                override_text = " ".join(hydra_config.overrides.task)
                failure_message = printable_name(
                    f"The job {override_text} failed: {error}"
                )
                CONSOLE.print(failure_message, soft_wrap=True)
            self.failures.append(error)


def composed_config(words: list[str]) -> Composed:
    """Compose a configuration from overrides alone, with the schema they need."""
    register(words)
    with initialize_config_dir(str(folder("configs")), version_base="1.3"):
        return compose("config", overrides=words)


def _check(words: list[str]) -> None:
    """Compose once beforehand, since Hydra's messages do not say what is valid."""
    try:
        composed_config(words)
    except (HydraException, ValueError) as error:
        raise explain(error, _plain(words)) from None


def _plain(words: Sequence[str]) -> Composed | None:
    """The configuration of the chosen groups alone; a sweep's first choices."""
    choices = [word.partition(",")[0] for word in words]
    try:
        return composed_config([w for w in choices if w.split("=")[0] in TOP_GROUPS])
    except (HydraException, ValueError):
        return None


def execute(composed: Composed, promised: dict[Path, Path]) -> None:
    """Run one composed configuration and write its result folder.

    Args:
      composed: What Hydra composed.
      promised: See `_Jobs`; a plan's folder is added.
    """
    config = resolve(composed)
    require_place(config)
    check_counts(config)
    notes = fit_to_images(config, typed_names(HydraConfig.get().overrides.task))
    check_config(config)
    check_benchmark(config)
    if config.distributed:
        start_processes()
        CONSOLE.quiet = not is_first()
    for note in (*doubts(config), *notes):
        CONSOLE.print(note, soft_wrap=True)
    if HydraConfig.get().mode == RunMode.MULTIRUN and config.run_dir is None:
        config.run_dir = str(keyed_folder(config))
    module = runner(config.name)
    if config.dry_run:
        print_plan(config, module, promised)
    elif config.seeds > 1:
        _run_seeds(config, module)
    else:
        _run(config, module)


def _run(config: Config, module: ModuleType) -> tuple[Session, Outcome]:
    """Run it once, with one seed."""
    start = time.perf_counter()
    session = Session(config, CONSOLE)
    outcome: Outcome = module.run(config, session)
    timings = {name: round(spent, 2) for name, spent in session.timings.items()}
    further: dict[str, Any] = {"skipped_images": session.images.skipped}
    seconds = time.perf_counter() - start
    further["timings"] = timings
    _finish(config, session.folder, [config.seed], outcome, seconds, **further)
    return session, outcome


def _run_seeds(config: Config, module: ModuleType) -> None:
    """Run it once per seed, and aggregate claims and tables."""
    start = time.perf_counter()
    finished_runs = []
    for seed_config in repeats(config):
        if config.time_limit is not None:
            seed_config.time_limit = config.time_limit - (time.perf_counter() - start)
        finished_runs.append(_run(seed_config, module))
    if not is_first():
        return
    folder = claim_folder(config, finished_runs[0][0].images.content_key).folder
    seeds = [session.config.seed for session, _ in finished_runs]
    tables = aggregate_tables([session.folder for session, _ in finished_runs], folder)
    figures = module.draw_seeds(config, folder) if hasattr(module, "draw_seeds") else []
    outcome = Outcome(
        base=None,
        claims=aggregate_claims(
            seeds, [outcome.claims for _, outcome in finished_runs]
        ),
        further={
            "results_of_seeds": [session.folder.name for session, _ in finished_runs]
        },
        look_next=[*figures, *tables],
    )
    seconds = time.perf_counter() - start
    _finish(config, folder, seeds, outcome, seconds, timings={})


def _finish(
    config: Config,
    folder: Path,
    seeds: Sequence[int],
    outcome: Outcome,
    seconds: float,
    **further: Any,
) -> None:
    """Write the configuration and `results.json`, and report the results."""
    if not is_first():
        return
    OmegaConf.save(OmegaConf.structured(config), folder / "config.yaml")
    written = write_results(
        folder,
        experiment=config.name,
        scale=config.scale_name,
        method=config.method.name,
        seeds=seeds,
        base=outcome.base,
        device=jax.devices()[0].device_kind,
        seconds=round(seconds, 1),
        claims=outcome.claims,
        **further,
        **outcome.further,
    )
    # A killed call that wrote beside this one has left its temporary files.
    drop_abandoned(folder)
    print_outcome(config, outcome, written, seconds)
