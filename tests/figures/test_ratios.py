"""The figure of speeds shows every comparison, its number and what is claimed."""

import numpy as np
import pytest
from matplotlib.text import Text

from conceptevo_jax.figures import Ratio, draw_ratios, save_figure

RATIOS = (
    Ratio(name="embedding, beside: gensim", value=4.0, bound=2.0),
    Ratio(name="stimuli, beside: a forward pass", value=0.95, bound=0.91),
    Ratio(name="a training step of a long-named network, beside: another", value=0.25),
)


@pytest.fixture
def figure():
    return draw_ratios(RATIOS, title="Speed against others")


def test_nothing_leaves_the_canvas_and_bytes_repeat(figure, tmp_path):
    png, _ = save_figure(figure, tmp_path / "f")
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    kept = png.read_bytes()
    save_figure(figure, tmp_path / "f")
    assert png.read_bytes() == kept


def test_bars_go_from_one_to_the_ratio_and_every_number_is_written(figure):
    (axes,) = figure.axes
    ends = [bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(ends, np.log2([4.0, 0.95, 0.25]))
    written = {text.get_text() for text in figure.findobj(Text)}
    assert {"4", "0.95", "0.25"} <= written
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_only_what_is_claimed_has_a_mark(figure):
    (axes,) = figure.axes
    marks = [c.get_segments()[0][0][0] for c in axes.collections]
    np.testing.assert_allclose(marks, np.log2([2.0, 0.91]))
