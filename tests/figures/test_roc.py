"""The figures of a study show every number that they were given, and who answered."""

import numpy as np
import pytest
from matplotlib.text import Text

from conceptevo_jax.figures import (
    MeasuredNumber,
    RocLine,
    draw_label_similarity,
    draw_roc,
    save_figure,
)

NAMES = [
    "hand-picked sets",
    "base model",
    "one model, several epochs",
    "several models and epochs",
]
MACHINES = "8 machine participants — not people"
ENCODER = "TF-IDF of words and letters, in place of the Universal Sentence Encoder"


def line(name, rng, **numbers):
    ends = np.concatenate([[0.0], np.sort(rng.random(4)), [1.0]])
    auc = MeasuredNumber(
        name=name, **{"value": 0.9, "low": 0.86, "high": 0.93} | numbers
    )
    return RocLine(auc=auc, false_positive=ends, true_positive=ends**0.3)


def unanswered(name):
    auc = MeasuredNumber(name=name, value=None, why="nobody answered")
    return RocLine(auc=auc, false_positive=np.empty(0), true_positive=np.empty(0))


@pytest.fixture
def lines(rng):
    alone = line(NAMES[2], rng, low=None, high=None)
    return [unanswered(NAMES[0]), line(NAMES[1], rng), alone, line(NAMES[3], rng)]


@pytest.fixture
def roc(lines):
    return draw_roc(lines, who=MACHINES)


@pytest.fixture
def labels():
    rows = [
        MeasuredNumber(name=NAMES[0], value=None, why="no task has two labels"),
        MeasuredNumber(name=NAMES[1], value=0.4, low=0.35, high=0.47),
        MeasuredNumber(name=NAMES[2], value=0.41),
        MeasuredNumber(name=NAMES[3], value=-0.1, low=-0.2, high=0.1),
    ]
    baseline = MeasuredNumber(name="all", value=0.28, low=0.26, high=0.31)
    return draw_label_similarity(rows, baseline, encoder=ENCODER, who="12 people")


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("name", ["roc", "labels"])
def test_nothing_leaves_the_canvas_and_bytes_repeat(request, name, tmp_path):
    figure = request.getfixturevalue(name)
    png, pdf = save_figure(figure, tmp_path / "f")
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    kept = png.read_bytes(), pdf.read_bytes()
    save_figure(figure, tmp_path / "f")
    assert (png.read_bytes(), pdf.read_bytes()) == kept


def test_curves_are_drawn_as_given_in_a_square_over_the_diagonal(roc, lines):
    (axes,) = roc.axes
    assert axes.get_aspect() == 1
    chance, *drawn = axes.lines
    np.testing.assert_array_equal(chance.get_xydata(), [[0, 0], [1, 1]])
    given = [one for one in lines if one.false_positive.size]
    for one, own in zip(given, drawn, strict=True):
        np.testing.assert_array_equal(own.get_xdata(), one.false_positive)
        np.testing.assert_array_equal(own.get_ydata(), one.true_positive)
    looks = {(one.get_color(), one.get_marker(), one.get_linestyle()) for one in drawn}
    assert len(looks) == len(drawn)


def test_the_legend_tells_area_interval_and_what_is_missing(roc):
    (legend,) = roc.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert told == [
        "hand-picked sets: nobody answered",
        "base model: 0.90 [0.86, 0.93]",
        "one model, several epochs: 0.90, without interval",
        "several models and epochs: 0.90 [0.86, 0.93]",
        "chance",
    ]


def test_either_figure_says_who_answered(roc, labels):
    assert f"Answers of {MACHINES}" in texts(roc)
    assert "Answers of 12 people" in texts(labels)


def test_labels_show_the_baseline_as_a_band_and_name_the_encoder(labels):
    (axes,) = labels.axes
    (band,) = axes.patches
    assert band.get_x() == pytest.approx(0.26)
    assert band.get_x() + band.get_width() == pytest.approx(0.31)
    told = " ".join(texts(labels).split())
    assert ENCODER in told
    assert "all pairs of labels: 0.28 [0.26, 0.31]" in told
    for number in ("0.40 [0.35, 0.47]", "-0.10 [-0.20, 0.10]", "no task has two"):
        assert number in told
    low, high = axes.get_xlim()
    assert low <= -0.2
    assert high >= 0.47


def test_no_category_is_hidden_behind_another(labels):
    (axes,) = labels.axes
    low, high = sorted(axes.get_ylim())
    assert low < 0
    assert high > 3
