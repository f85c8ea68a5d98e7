"""Claims of several experiments: about accuracy and alignment."""

from collections.abc import Mapping, Sequence
from typing import Any

from conceptevo_jax.analysis import Agreement
from conceptevo_jax.analysis.statistics.intervals import (
    difference_interval,
    share_interval,
)
from conceptevo_jax.epochs import epoch_label, snapshot_label
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import AGREEMENTS, ProjectedRun


def accuracy_claim(
    projected_run: ProjectedRun, *, images: int, threshold: float, paper: str | None
) -> Claim:
    """A well-trained run has a high test accuracy at its last epoch.

    Args:
      projected_run: The run.
      images: Number of test images.
      threshold: Top-1 test accuracy to reach.
      paper: What the paper reports about such a run.
    """
    last = projected_run.run.rows[-1]
    interval = share_interval(round(last.test_top1 * images), images)
    return Claim(
        id=f"accuracy_{projected_run.run.name}",
        paper=paper,
        rule=f"top-1 test accuracy of {projected_run.title}: lower end of its 95 % "
        f"interval >= {threshold:.2f}",
        measured=last.test_top1,
        interval=interval,
        n=images,
        holds=interval[0] >= threshold,
        why=f"{epoch_label(last.epoch)}; train top-1 {last.train_top1:.3f}, "
        f"top-5 train/test {last.train_top5:.3f}/{last.test_top5:.3f}",
    )


def alignment_claims(rows: Sequence[Mapping[str, Any]]) -> list[Claim]:
    """Per definition of agreement: is every snapshot above its permutation null?

    The interval of the share is for further snapshots; each observed snapshot is
    compared by its own interval.
    """
    claims = []
    for name in AGREEMENTS:
        judged = [row for row in rows if row[f"above_null_{name}"] is not None]
        above = sum(row[f"above_null_{name}"] for row in judged)
        below = [
            snapshot_label(row["run"], row["epoch"])
            for row in judged
            if not row[f"above_null_{name}"]
        ]
        aucs = [row[f"auc_{name}"] for row in judged]
        auc_range = (
            f"AUC {min(aucs):.2f} to {max(aucs):.2f}" if aucs else "nothing compared"
        )
        missing = f"; not above ({'; '.join(below)})" if below else ""
        left_out = f"; {len(rows) - len(judged)} snapshots with too few live neurons"
        claims.append(
            Claim(
                id=f"aligned_{name}",
                paper="concepts of other models and epochs align: human AUC .86 to .90",
                rule="held-out alignment of every snapshot with >= 20 live neurons: "
                "lower end of its 95 % interval above its permutation null",
                measured=above / len(judged) if judged else None,
                interval=share_interval(above, len(judged)) if judged else None,
                n=len(judged),
                holds=above == len(judged) if judged else None,
                why=auc_range + missing + left_out,
            )
        )
    return claims


def cross_alignment_claims(projected_runs: Sequence[ProjectedRun]) -> list[Claim]:
    """Per definition of agreement: are other architectures aligned with the base?

    Each run's last epoch is compared with uninformed controls (permuted,
    constant and random vectors), and with its own untrained network, which
    shows the effect of training: alignment measures the projection, not what was
      learned.
    """
    claims = []
    for name in AGREEMENTS:
        agreements = [
            _last_and_first(projected_run, name) for projected_run in projected_runs
        ]
        detail = "; ".join(
            f"{projected_run.run.name} {_auc(last)} (null {_number(last.null_high)}, "
            f"random {_number(last.random)}, "
            f"{epoch_label(projected_run.epochs[0])} {_auc(first)})"
            for projected_run, (last, first) in zip(
                projected_runs, agreements, strict=True
            )
        )
        claims += [
            _share_claim(
                f"architectures_aligned_{name}",
                "held-out alignment of every other architecture's last epoch with the "
                "base: lower end of its 95 % interval above its permutation null, "
                "constant and random vectors",
                [
                    _exceeds_controls(last, last.null_high, last.constant, last.random)
                    for last, _ in agreements
                ],
                detail,
            ),
            _share_claim(
                f"more_aligned_than_untrained_{name}",
                "held-out alignment of every other architecture's last epoch with the "
                "base, minus that of its own untrained network: lower end of the 95 % "
                "interval above 0",
                [_exceeds(last, first) for last, first in agreements],
                detail,
            ),
        ]
    return claims


def _share_claim(
    name: str, rule: str, verdicts: Sequence[bool | None], detail: str
) -> Claim:
    """A claim that all verdicts hold; None stands for a verdict without a result."""
    judged = [verdict for verdict in verdicts if verdict is not None]
    return Claim(
        id=name,
        paper="similar concepts of other architectures lie close together (Fig. 1)",
        rule=rule,
        measured=sum(judged) / len(judged) if judged else None,
        interval=share_interval(sum(judged), len(judged)) if judged else None,
        n=len(judged),
        holds=all(judged) if judged else None,
        why=detail,
    )


def _last_and_first(
    projected_run: ProjectedRun, name: str
) -> tuple[Agreement, Agreement]:
    last, first = (
        projected_run.alignments[e]
        for e in (projected_run.epochs[-1], projected_run.epochs[0])
    )
    return getattr(last, name), getattr(first, name)


def _exceeds_controls(last: Agreement, *controls: float | None) -> bool | None:
    """Whether the interval lies above all controls; None without one."""
    if last.interval is None:
        return None
    low, _ = last.interval
    return all(low > control for control in controls if control is not None)


def _exceeds(last: Agreement, first: Agreement) -> bool | None:
    """Whether the interval of the difference lies above 0; None without one."""
    if last.overall.auc is None or first.overall.auc is None:
        return None
    gap = difference_interval(
        last.overall.auc, last.interval, first.overall.auc, first.interval
    )
    return None if gap is None else gap[0] > 0


def _auc(agreement: Agreement) -> str:
    return _number(agreement.overall.auc)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
