"""Figures show what they were given, whole, and the same bytes for the same arrays."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import ConnectionPatch
from matplotlib.text import Text
from PIL import Image

from conceptevo_jax.figures import (
    Bars,
    Circle,
    Curve,
    EvolutionGroup,
    EvolvingNeuron,
    MapConcept,
    MapPanel,
    ModelMap,
    Strip,
    draw_bars,
    draw_curves,
    draw_evolutions,
    draw_images,
    draw_shared_space,
    draw_training_map,
    save_figure,
)
from conceptevo_jax.figures.style import concept_colour

pytestmark = pytest.mark.slow

ROUNDING = 1e-9


def panel(rng, epoch, dead):
    points = rng.normal(size=(30, 2))
    points[:dead] = np.nan
    members = np.arange(30) % 4
    members[:dead] = -1
    return MapPanel(
        epoch=epoch,
        facts="train 0.10, test 0.20",
        points=points,
        depth=np.linspace(0, 1, 30),
        members=members,
        dead=dead,
        diverged=dead == 30,
    )


def concepts_of(rng):
    patch = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return [
        MapConcept(name="Trouser", center=np.array([0.0, 0.0]), patch=patch),
        MapConcept(name="Ankle boot", center=np.array([0.1, 0.0]), patch=patch),
        MapConcept(name="mixed", center=np.array([1.0, 1.0]), patch=None),
        MapConcept(name="Bag", center=np.array([-2.0, 1.0]), patch=patch),
    ]


@pytest.fixture
def training_map(rng):
    rows = [
        ("a run with a rather long name", [panel(rng, "init", 0)] * 5),
        ("short", [panel(rng, "epoch 3", 7)] * 3 + [panel(rng, "epoch 4", 30)]),
    ]
    background = rng.normal(size=(50, 2)) * 3
    return draw_training_map(rows, background, concepts_of(rng), title="A title")


@pytest.fixture
def depth_map(rng):
    panels = [panel(rng, "init", 0), panel(rng, "epoch 3", 7)]
    background = rng.normal(size=(50, 2)) * 3
    return draw_training_map([("a run", panels)], background, title="A title " * 20)


@pytest.fixture
def shared_space(rng):
    # Receptive fields of a model's sites differ.
    sides = [8, 5, 3] * 3
    patches = [rng.integers(0, 255, (n, n, 3), dtype=np.uint8) for n in sides]
    circles = [
        Circle(name=name, center=np.array([x, 4.0]), radius=0.5, concept=1)
        for name, x in zip(("Bag", "Coat", "Ankle boot"), (-4.0, 0.0, 4.0), strict=True)
    ]
    models = [
        ModelMap(
            name=name,
            points=rng.normal(size=(40, 2)),
            members=np.arange(40) % 5 - 1,
            patches={circle.name: patches for circle in circles},
        )
        for name in ("one model", "another")
    ]
    return draw_shared_space(models, circles, title="Two models\nin one space")


@pytest.fixture
def curves(rng):
    progress = np.arange(5.0)
    lines = [Curve(name=n, progress=progress, values=rng.random(5)) for n in "abc"]
    return draw_curves([("accuracy", lines), ("dead", lines)], title="Runs")


def bars_of(rng, columns):
    panels = []
    for _ in range(columns):
        values = rng.normal(size=4)
        low, high = values - 0.1, values + 0.1
        panels.append(
            Bars(
                values=values,
                low=low,
                high=high,
                line=0.05,
                message="top bin: -3 points",
            )
        )
    return draw_bars(
        [f"a run with a name\n{n} → {n + 1}" for n in range(columns)],
        [("images of one kind", panels), ("images of quite another kind", panels)],
        names=["0-25 %", "25-50 %", "50-75 %", "75-100 %"],
        axis="change of accuracy, percentage points",
        line="the same number at random",
        whiskers="95 % interval over classes",
        title="Change of accuracy when a quarter of a site's evolutions is reverted",
    )


@pytest.fixture
def narrow_bars(rng):
    return bars_of(rng, 1)


@pytest.fixture
def wide_bars(rng):
    return bars_of(rng, 6)


def evolutions_of(rng, snapshots, patches):
    def neuron(name, used):
        pixels = rng.integers(0, 255, (48, 48 * patches, 3), dtype=np.uint8)
        strips = [Strip(pixels=pixels, used=used) for _ in range(snapshots)]
        scores = [(0.9, 0.8, 1.0)] * (snapshots - 1)
        becomes = [used > 0] * (snapshots - 1)
        return EvolvingNeuron(name=name, strips=strips, scores=scores, becomes=becomes)

    neurons = [neuron("Mixed_7c/2000", patches), neuron("features.28/5", 0)]
    groups = [
        EvolutionGroup(heading=f"most important {n}", score_index=n, neurons=neurons)
        for n in range(snapshots - 1)
    ]
    return draw_evolutions(
        [(f"epoch {n}", "training accuracy 0.50") for n in range(snapshots)],
        groups,
        patches=patches,
        title=("A run: evolutions that matter for a class", "What is shown, " * 12),
    )


@pytest.fixture
def few_evolutions(rng):
    return evolutions_of(rng, 2, 2)


@pytest.fixture
def many_evolutions(rng):
    return evolutions_of(rng, 4, 9)


@pytest.fixture
def images(rng):
    shown = list(rng.integers(0, 200, (14, 8, 8, 3), dtype=np.uint8))
    return draw_images(shown, columns=12, title=("Images of a class",))


@pytest.fixture(
    params=[
        "training_map",
        "depth_map",
        "shared_space",
        "curves",
        "narrow_bars",
        "wide_bars",
        "few_evolutions",
        "many_evolutions",
        "images",
    ]
)
def figure(request):
    return request.getfixturevalue(request.param)


def test_nothing_leaves_the_canvas(figure, tmp_path):
    save_figure(figure, tmp_path / "f")
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width + ROUNDING
    assert box.y1 <= height + ROUNDING


def test_every_point_is_inside_its_axes(figure):
    for axes in figure.findobj(match=lambda a: hasattr(a, "get_xlim")):
        (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
        scatters = [c for c in axes.collections if isinstance(c, PathCollection)]
        for marks in scatters:
            offsets = np.asarray(marks.get_offsets(), float)
            offsets = offsets[np.isfinite(offsets).all(axis=1)]
            if axes.get_label() == "<colorbar>" or not len(offsets):
                continue
            assert (offsets >= (x0, y0)).all()
            assert (offsets <= (x1, y1)).all()


def test_png_and_pdf_are_written_with_something_on_them(figure, tmp_path):
    png, pdf = save_figure(figure, tmp_path / "deep" / "f")
    pixels = np.asarray(Image.open(png).convert("L"))
    assert (pixels < 250).mean() > 0.005
    assert pdf.read_bytes().startswith(b"%PDF")


def test_the_same_figure_gives_the_same_bytes(figure, tmp_path):
    first = [path.read_bytes() for path in save_figure(figure, tmp_path / "a")]
    again = [path.read_bytes() for path in save_figure(figure, tmp_path / "b")]
    assert first == again


def test_dead_neurons_are_told_not_drawn(training_map):
    texts = [text.get_text() for text in training_map.findobj(Text)]
    assert texts.count("7 dead") == 3
    assert not any(text.startswith("0 ") for text in texts)


def test_a_diverged_network_is_called_so_and_holds_no_concept(training_map):
    diverged = training_map.axes[-1]
    texts = [text.get_text() for text in diverged.texts]
    assert "diverged: 30 not finite" in texts
    assert not diverged.images


def test_concepts_are_named_with_their_counts_and_dots_have_their_colours(training_map):
    init, later = training_map.axes[0], training_map.axes[5]
    for axes, counts in ((init, {8: 2, 7: 1}), (later, {6: 3})):
        texts = [text.get_text() for text in axes.texts]
        assert len(axes.images) == 3
        for name in ("Trouser", "Ankle boot", "Bag"):
            assert name in texts
        assert "mixed" not in texts
        for count, labels in counts.items():
            assert texts.count(str(count)) == labels
    (legend,) = training_map.legends
    assert [text.get_text() for text in legend.get_texts()] == ["mixed"]
    dots = init.collections[1].get_facecolors()
    expected = [to_rgba(concept_colour(number % 4)) for number in range(30)]
    np.testing.assert_allclose(dots, expected)


def test_all_maps_share_their_limits(training_map):
    drawn = [a for a in training_map.axes if a.collections and a.axison]
    limits = {(*a.get_xlim(), *a.get_ylim()) for a in drawn if a.get_aspect() == 1.0}
    assert len(limits) == 1


def test_circles_are_drawn_whole(shared_space):
    maps = [axes for axes in shared_space.findobj() if getattr(axes, "patches", None)]
    discs = 0
    for axes in maps:
        if not hasattr(axes, "get_xlim"):
            continue
        (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
        for disc in axes.patches:
            x, y = disc.center
            assert x0 <= x - disc.radius < x + disc.radius <= x1
            assert y0 <= y - disc.radius < y + disc.radius <= y1
            discs += 1
    assert discs == 6


def test_every_circle_has_its_name_and_patches_beside_each_model(shared_space):
    texts = [text.get_text() for text in shared_space.findobj(Text)]
    for name in ("Bag", "Coat", "Ankle boot"):
        assert texts.count(name) == 2
    assert sum(len(axes.images) for axes in shared_space.axes) == 2 * 3 * 9
    leaders = shared_space.findobj(ConnectionPatch)
    heights = [leader.xy2[1] for leader in leaders]
    assert len(set(heights)) == 2 * 3


def test_a_space_without_circles_says_so(rng):
    points, members = rng.normal(size=(9, 2)), np.zeros(9, int)
    models = [ModelMap(name="m", points=points, members=members, patches={})]
    drawn = draw_shared_space(models, [], title="t")
    texts = [text.get_text() for text in drawn.findobj(Text)]
    assert "No neighbourhood is tight in every model." in texts


def test_bars_of_a_row_share_their_scale_and_the_line_crosses(wide_bars):
    panels = [axes for axes in wide_bars.axes if axes.patches]
    assert len(panels) == 12
    for row in (panels[:6], panels[6:]):
        assert len({axes.get_ylim() for axes in row}) == 1
    for axes in panels:
        heights = [bar.get_height() for bar in axes.patches]
        low, high = axes.get_ylim()
        assert low <= min(*heights, 0) <= max(*heights, 0) <= high
        assert 0.05 in [line.get_ydata()[0] for line in axes.lines]


def test_a_neuron_that_responds_to_nothing_says_so(few_evolutions):
    texts = [text.get_text() for text in few_evolutions.findobj(Text)]
    assert texts.count("responds to nothing") == 2
    assert texts.count("0.90 [0.80, 1.00]") == 2


def test_an_evolution_towards_the_class_is_framed(many_evolutions):
    (axes,) = many_evolutions.axes
    assert len(axes.patches) == 3 * 3


def test_the_score_that_chose_a_row_stands_out(many_evolutions):
    scores = [
        text.get_fontweight()
        for text in many_evolutions.findobj(Text)
        if text.get_text() == "0.90 [0.80, 1.00]"
    ]
    assert len(scores) == 3 * 2 * 3
    assert scores.count("bold") == 6


def test_every_image_is_drawn_once(images):
    (axes,) = images.axes
    assert len(axes.images) == 14
    corners = {tuple(image.get_extent()[:3:2]) for image in axes.images}
    assert len(corners) == 14


def test_curves_of_any_measure_wrap_and_show_repeats_and_bands(rng):
    progress = np.arange(4.0)
    values = 10 * rng.random(4) - 5
    own = Curve(
        name="run", progress=progress, values=values, low=values - 1, high=values + 1
    )
    twin = Curve(
        name="run, another seed", progress=progress, values=values + 1, is_repeat=True
    )
    other = Curve(name="other", progress=progress, values=-values)
    panels = [(f"measure {i}", [own, twin, other]) for i in range(5)]
    figure = draw_curves(panels, title="Measures", columns=3)
    drawn = [axes for axes in figure.axes if axes.lines]
    assert len(drawn) == 5
    first = drawn[0]
    colors = [line.get_color() for line in first.lines]
    assert colors[0] == colors[1] != colors[2]
    assert [line.get_linestyle() for line in first.lines] == ["-", "--", "-"]
    assert len(first.collections) == 1
    low, high = first.get_ylim()
    assert low < values.min()
    assert high > values.max()
