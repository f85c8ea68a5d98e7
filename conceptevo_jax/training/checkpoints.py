"""A run's snapshots on disk, by Orbax: one per epoch, none discarded.

    <folder>/checkpoints/epoch_<e>   weights and batch statistics after epoch e
    <folder>/early/step_<n>          likewise, after n steps of the first epochs
    <folder>/init                    the untrained network
    <folder>/resume/epoch_<e>        optimiser state, for the latest two epochs only

A snapshot costs the size of the weights; the optimiser's state would double or triple
that for every epoch, and is only needed to resume. Several processes save and restore
together, in a folder that all of them see; each gets its own copy of the restored
arrays. Restored arrays are compared with the saved ones, by the checksums in
`checksums.json`.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orbax.checkpoint as ocp

from conceptevo_jax.devices import call_in_first_process, local_copy
from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.store import require_no_outward_links
from conceptevo_jax.training.checksums import (
    read_checksums,
    require_checksum,
    tree_checksum,
    update_checksums,
)
from conceptevo_jax.training.orbax_managers import (
    abstract_tree,
    naming_orbax_refusals,
    open_manager,
    replace_checkpoint,
)
from conceptevo_jax.training.step import State
from conceptevo_jax.training.table import TABLE, has_table, read_table
from conceptevo_jax.types import Snapshot

logging.getLogger("absl").setLevel(logging.ERROR)


class Checkpoints:
    """Writes and finds the snapshots of one run's folder."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.folder = Path(folder).absolute()
        self.model = model
        # Orbax opens what lies there, wherever a link leads.
        require_no_outward_links(self.folder, self.folder)
        # Before Orbax looks at the disk: what another process lists later is no loss.
        self._expected_epochs = set(read_checksums(self.folder).snapshots)
        self._weights = open_manager(self.folder / "checkpoints", "epoch", None)
        self._early = open_manager(self.folder / "early", "step", None)
        self._resume = open_manager(self.folder / "resume", "epoch", 2)
        self._pending_checksums: dict[str, str] = {}

    def save(self, epoch: Epoch, variables: Variables) -> None:
        """Save a snapshot, replacing one of the same name; `wait` lists it.

        Args:
          epoch: The snapshot's name.
          variables: Flax collections, on all devices.

        Raises:
          DataError: if the system refuses to write it, as on a full disk.
        """
        tree = dict(variables)
        call_in_first_process(
            lambda: update_checksums(self.folder, epochs_to_forget=[str(epoch)])
        )
        with naming_orbax_refusals(self.folder):
            if epoch == "init":
                with ocp.StandardCheckpointer() as checkpointer:
                    checkpointer.save(self.folder / "init", tree, force=True)
            else:
                replace_checkpoint(*self._manager_and_step(epoch), tree)
        self._pending_checksums[str(epoch)] = tree_checksum(local_copy(tree))

    def save_resume(self, epoch: int, state: State) -> None:
        """Save what the snapshot leaves out, so that training can resume exactly.

        Args:
          epoch: The epoch after which the state was reached.
          state: The whole state.
        """
        resume_state = _resume_state(state)
        resume_checksums = {str(epoch): tree_checksum(local_copy(resume_state))}
        call_in_first_process(
            lambda: update_checksums(self.folder, resume=resume_checksums)
        )
        with naming_orbax_refusals(self.folder):
            replace_checkpoint(self._resume, epoch, resume_state)

    def restore(self, epoch: Epoch) -> Variables:
        """Read one snapshot's variables.

        Raises:
          DataError: if the run has no such snapshot, or it is damaged.
        """
        if epoch not in self.epochs():
            available = ", ".join(map(str, self.epochs())) or "none"
            raise DataError(
                f"{self.folder} has no snapshot {epoch!r}; it has: {available}."
            )
        target = abstract_tree(self.model.shapes())
        with self._naming(f"snapshot {epoch!r}"):
            if epoch == "init":
                with ocp.StandardCheckpointer() as checkpointer:
                    restored_tree = checkpointer.restore(self.folder / "init", target)
            else:
                manager, number = self._manager_and_step(epoch)
                restored_tree = manager.restore(
                    number, args=ocp.args.StandardRestore(target)
                )
            variables: Variables = local_copy(restored_tree)
        expected_checksum = self._listed().get(str(epoch))
        noun = f"snapshot {epoch!r} in {self.folder}"
        require_checksum(expected_checksum, variables, noun)
        return variables

    def restore_latest(self, like: State) -> tuple[int, State] | None:
        """The last epoch from which training can resume, with its state, if any.

        Raises:
          DataError: if the state cannot be read, or is damaged.
        """
        checksums = read_checksums(self.folder)
        resumable_epochs = {
            number
            for number in self._resume.all_steps()
            if str(number) in checksums.snapshots and str(number) in checksums.resume
        }
        if not resumable_epochs:
            return None
        epoch = max(resumable_epochs)
        target = ocp.args.StandardRestore(abstract_tree(_resume_state(like)))
        noun = f"the state to resume from after {epoch_label(epoch)}"
        with self._naming(noun):
            restored_state = local_copy(self._resume.restore(epoch, args=target))
        description = f"{noun} in {self.folder}"
        require_checksum(checksums.resume[str(epoch)], restored_state, description)
        snapshot = self.restore(epoch)
        if like.average is None:
            return epoch, State(snapshot, **restored_state)
        return epoch, State(**restored_state, average=snapshot)

    def epochs(self) -> list[Epoch]:
        """All snapshots: untrained, within epochs, after epochs.

        Raises:
          DataError: naming snapshots that are listed but not on the disk.
        """
        first: list[Epoch] = ["init"] if (self.folder / "init").is_dir() else []
        early: list[Epoch] = [f"step{n}" for n in sorted(self._early.all_steps())]
        saved_epochs = [*first, *early, *sorted(self._weights.all_steps())]
        listed_checksums = self._listed()
        missing_epochs = sorted(
            self._expected_epochs & set(listed_checksums) - set(map(str, saved_epochs))
        )
        if missing_epochs:
            raise DataError(
                f"{self.folder} has lost its snapshots {', '.join(missing_epochs)}: "
                "they were "
                "saved and are not there. Delete the folder and train again."
            )
        return [epoch for epoch in saved_epochs if str(epoch) in listed_checksums]

    def _listed(self) -> dict[str, str]:
        return {**read_checksums(self.folder).snapshots, **self._pending_checksums}

    def wait(self) -> None:
        """Return when everything saved so far is on disk, and listed.

        Raises:
          DataError: if the system refused to write it, as on a full disk.
        """
        with naming_orbax_refusals(self.folder):
            for manager in (self._weights, self._early, self._resume):
                manager.wait_until_finished()
        pending_checksums, self._pending_checksums = self._pending_checksums, {}
        call_in_first_process(
            lambda: update_checksums(self.folder, snapshots=pending_checksums)
        )

    def close(self) -> None:
        """Finish writing and release Orbax's threads."""
        self.wait()
        for manager in (self._weights, self._early, self._resume):
            manager.close()

    @contextlib.contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        try:
            yield
        # Orbax raises a bare `Exception` for a data file that is gone.
        except Exception as error:
            raise DataError(
                f"{what} in {self.folder} cannot be read as of a {self.model.preset} "
                f"{self.model.name}: {error}. Delete the folder and train again."
            ) from error

    def _manager_and_step(self, epoch: Epoch) -> tuple[Any, int]:
        if isinstance(epoch, int):
            return self._weights, epoch
        return self._early, int(epoch.removeprefix("step"))


def snapshots(folder: str | os.PathLike[str], run: str, model: Model) -> list[Snapshot]:
    """All snapshots of a run, in the order of training; weights are read when needed.

    The order is that of the run's table: a snapshot within the second epoch comes after
    that of the first epoch.

    Args:
      folder: The folder that `train` wrote.
      run: The run's name in the snapshots.
      model: The architecture that was trained.

    Returns:
      One per row of the run's table.

    Raises:
      UsageError: for anything except a model.
      DataError: if `folder` holds no run, or a part of it is missing or damaged.

    Example:
      >>> before, after = ce.snapshots(folder, "mine", model)
      >>> before.name, after.name
      ('mine@init', 'mine@0')
      >>> trained_variables = after.load()
    """
    require_type(model, Model, "the model", "Build it by ce.build_model.")
    folder = Path(folder)
    if not (folder / "init").is_dir():
        raise DataError(
            f"{folder} holds no run: pass the folder that `train` wrote, in which the "
            "untrained network lies in `init`."
        )
    checkpoints = Checkpoints(folder, model)

    def loader(epoch: Epoch) -> Callable[[], Mapping[str, Any]]:
        return lambda: checkpoints.restore(epoch)

    saved_snapshots = {
        e: Snapshot(run=run, epoch=e, load=loader(e)) for e in checkpoints.epochs()
    }
    rows = read_table(folder / TABLE) if has_table(folder) else []
    first = [row.epoch for row in rows]
    missing_epochs = [str(epoch) for epoch in first if epoch not in saved_snapshots]
    if missing_epochs:
        raise DataError(
            f"{folder} has no snapshots {', '.join(missing_epochs)}, which its table "
            "has: "
            "delete the folder and train again."
        )
    return [
        saved_snapshots[e]
        for e in (*first, *(e for e in saved_snapshots if e not in first))
    ]


def _resume_state(state: State) -> dict[str, Any]:
    """What a snapshot leaves out; also the weights, if it holds their average."""
    resume_state = {
        "optimizer": state.optimizer,
        "step": state.step,
        "seed": state.seed,
    }
    return (
        resume_state
        if state.average is None
        else {**resume_state, "variables": state.variables}
    )
