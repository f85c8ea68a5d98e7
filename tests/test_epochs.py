"""One convention for epochs, in one place of the package and one of the page."""

import ast
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import conceptevo_jax
from conceptevo_jax.epochs import (
    SnapshotId,
    epoch_label,
    epoch_tick,
    progress,
    snapshot_label,
)

PACKAGE = Path(conceptevo_jax.__file__).parent
WEB = PACKAGE / "explorer/web/src"
SNAPSHOTS = st.one_of(
    st.just("init"),
    st.integers(1, 10**6).map("step{}".format),
    st.integers(0, 10**4),
)


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("vgg16@3", SnapshotId("vgg16", 3)),
        ("vgg16@init", SnapshotId("vgg16", "init")),
        ("a@b@step1", SnapshotId("a@b", "step1")),
    ],
)
def test_a_snapshots_name_is_its_run_and_epoch(name, snapshot):
    assert SnapshotId.parse(name) == snapshot
    assert str(snapshot) == name


def test_progress_counts_epochs_of_training_behind_a_snapshot():
    epochs = ["init", "step25", "step50", 0, 1, 9]
    assert [progress(epoch, 100) for epoch in epochs] == [0, 0.25, 0.5, 1, 2, 10]


@pytest.mark.parametrize(
    ("epoch", "tick", "label"),
    [
        ("init", "init", "init"),
        ("step4", "step 4", "step 4"),
        (0, "0", "epoch 0"),
        (207, "207", "epoch 207"),
        # As a table holds it, and as users of the monitor may call it.
        ("3", "3", "epoch 3"),
        ("after warm-up", "after warm-up", "after warm-up"),
    ],
)
def test_labels_are_those_of_the_paper(epoch, tick, label):
    assert (epoch_tick(epoch), epoch_label(epoch)) == (tick, label)
    assert snapshot_label("vgg16", epoch) == f"vgg16, {label}"


@given(st.sets(SNAPSHOTS, min_size=2, max_size=2))
def test_snapshots_that_differ_are_called_differently(pair):
    for label in (epoch_tick, epoch_label):
        assert len({label(epoch) for epoch in pair}) == 2


def hand_made(tree):
    """Lines on which text holds `epoch` and a value right behind it."""
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    for string in strings:
        for text, following in itertools.pairwise(string.values):
            before = str(text.value) if isinstance(text, ast.Constant) else ""
            if before.endswith(("epoch ", "epochs ")):
                assert isinstance(following, ast.FormattedValue)
                yield string.lineno


def test_no_other_module_writes_the_name_of_an_epoch():
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "epochs.py" and "node_modules" not in path.parts
        for line in hand_made(ast.parse(path.read_text()))
    ]
    assert found == []


def test_no_other_source_of_the_page_writes_the_name_of_an_epoch():
    """`@` and an epoch is an identifier: one function makes a neuron's, one a map's."""
    sources = {p.relative_to(WEB).as_posix(): p.read_text() for p in WEB.rglob("*.ts")}
    labels = {n for n, text in sources.items() if re.search(r"\bepochs? \$\{", text)}
    names = {n: len(re.findall(r"@\$\{", text)) for n, text in sources.items()}
    assert labels == {"data/epochs.ts"}
    assert {n: count for n, count in names.items() if count} == {
        "data/run.ts": 1,
        "panels.ts": 1,
    }
