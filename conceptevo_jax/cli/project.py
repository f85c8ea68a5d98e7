"""`conceptevo project`: add a finished training to an existing space (Step 2.2)."""

import io
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.table import Table
from yaml import YAMLError

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.config_files import read_settings
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.schema import schema
from conceptevo_jax.config import Config
from conceptevo_jax.epochs import epoch_tick
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.pipeline.result_folder import require_settings
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.check_config import check_names
from conceptevo_jax.reports.unified_space.add_run import AddedRun, add_run


def project(arguments: CommandArguments) -> int:
    """Project `run=` into the space of the result folder `space=`.

    Writes `projected/<run>/` in the result folder. The space, its map and every point
    on it stay unchanged, byte for byte.
    """
    keywords = arguments.keywords
    folder = typed_place(keywords["space"]).absolute()
    added = add_run(folder, config_of(folder), keywords["run"])
    _print_added(added)
    return 0


def config_of(folder: Path) -> Config:
    """The configuration of a result folder.

    Raises:
      DataError: if there is none, or it is invalid.
    """
    path = folder / "config.yaml"
    if not path.is_file():
        raise DataError(
            f"{path} is missing: {folder} is not the result folder of an experiment "
            "that built a space, such as runs/demo-demo."
        )
    text = read_settings(path, folder)
    try:
        settings = OmegaConf.load(io.StringIO(text))
        kind = schema(OmegaConf.select(settings, "name"))
        merged = OmegaConf.merge(OmegaConf.structured(kind), settings)
        assert isinstance(merged, DictConfig)
        config = resolve(merged)
        check_names(config)
    except (OmegaConfBaseException, YAMLError, OSError, UsageError) as error:
        raise DataError(
            f"{path} is not the configuration of an experiment ({error}). Run the "
            "experiment again; finished stages are reused."
        ) from error
    require_settings(folder, config)
    return config


def _print_added(added_run: AddedRun) -> None:
    table = Table("epoch", "test top-1", "dead", "coverage", title=added_run.name)
    for row in added_run.rows:
        table.add_row(
            epoch_tick(row["epoch"]),
            f"{row['test_top1']:.3f}",
            f"{row['dead_share']:.2f}",
            "-" if row["coverage"] is None else f"{row['coverage']:.2f}",
        )
    CONSOLE.print(table)
    CONSOLE.print(
        f"Written to {added_run.folder}; look at {added_run.folder / 'map.png'}"
    )
