"""The monitor's verdict on snapshots whose responses were stored: no network is run."""

from collections.abc import Mapping

from conceptevo_jax.data import Pool
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.monitor.history import History
from conceptevo_jax.monitor.probe_measures import LARGEST_PROBE, ProbedSnapshot
from conceptevo_jax.monitor.rules import Rules
from conceptevo_jax.stimuli import (
    Search,
    narrow_sample,
    sample_as_pool,
    stimuli_of_arrays,
)
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
        observation stores them, by epoch, in order. The images serve as the probe.
      pool: The pool.
      k: Stimuli per neuron.
      rules: When alarms are raised.

    Returns:
      None of a snapshot whose sample is too small for k stimuli a neuron.

    Example:
      >>> judge_stored({0: trained, 1: destroyed}, pool)[1]
      ('lost', ['selectivity fell to 0.00, below 20% of its best 0.41', ...])
    """
    history, search = History(), Search(k=k)
    verdicts = {}
    for epoch, sample in samples.items():
        if len(sample.peaks) <= 2 * k:
            continue
        probe, responses = sample_as_pool(
            narrow_sample(sample, pool, LARGEST_PROBE), pool
        )
        stimuli = stimuli_of_arrays(
            responses.peaks, responses.sites, probe, search, projection_images=None
        )
        probed = ProbedSnapshot(stimuli=stimuli, responses=responses, embedding=None)
        history.begin(epoch)
        status, reasons, _ = history.judge(epoch, probed, None, rules or Rules())
        verdicts[epoch] = status, reasons
    return verdicts
