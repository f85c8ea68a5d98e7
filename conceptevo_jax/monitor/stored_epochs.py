"""The monitor's verdict on snapshots whose responses were stored: no network is run."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from conceptevo_jax.data import Pool, pool_part
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.monitor.history import History
from conceptevo_jax.monitor.probe_measures import LARGEST_PROBE, ProbedSnapshot
from conceptevo_jax.monitor.rules import Rules
from conceptevo_jax.stimuli import Search, sample_rows, stimuli_of_arrays
from conceptevo_jax.types import Responses


def judge_stored(
    samples: Mapping[Epoch, Responses],
    pool: Pool,
    *,
    k: int = 10,
    rules: Rules | None = None,
) -> dict[Epoch, tuple[str, list[str]]]:
    """Status and reasons of every snapshot, as a monitor without a space gives them.

    Args:
      samples: Responses of one network's neurons to a seeded sample of the pool, as an
        observation stores them, by epoch, in order. The images of the smallest, at
        most `LARGEST_PROBE`, serve as the probe.
      pool: The pool.
      k: Stimuli per neuron.
      rules: When alarms are raised.

    Returns:
      Status and reasons by epoch; nothing if a sample is too small for k stimuli.

    Example:
      >>> judge_stored({0: trained, 1: destroyed}, pool)[1]
      ('lost', ['selectivity fell to 0.00, below 20% of its best 0.41', ...])
    """
    size = min([LARGEST_PROBE, *(len(sample.peaks) for sample in samples.values())])
    if size <= 2 * k:
        return {}
    # A larger sample begins with the smaller one.
    rows = sample_rows(pool, size)
    order = np.argsort(rows)
    probe = pool_part(pool, rows[order])
    history, search, verdicts = History(), Search(k=k), {}
    for epoch, sample in samples.items():
        responses = dataclasses.replace(
            sample, peaks=sample.peaks[order], images_id=probe.pool_id
        )
        stimuli = stimuli_of_arrays(
            responses.peaks, responses.sites, probe, search, projection_images=None
        )
        probed = ProbedSnapshot(stimuli=stimuli, responses=responses, embedding=None)
        history.begin(epoch)
        status, reasons, _ = history.judge(epoch, probed, None, rules or Rules())
        verdicts[epoch] = status, reasons
    return verdicts
