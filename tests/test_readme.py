"""The README's snippet runs, and what it and the docs name exists."""

import pkgutil
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import conceptevo_jax as ce
from conceptevo_jax.data import DecodedImages

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


def test_the_snippet_runs_and_places_every_live_neuron(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(SNIPPETS[0], "README.md", "exec"), names)
    points, placed = names["points"], names["placed"]
    assert points.shape == (len(placed.vectors), 2)
    assert np.isfinite(points[placed.placed]).all()
    assert placed.placed.mean() > 0.5


def test_the_loop_with_a_monitor_runs_and_prints_a_line_per_epoch(capsys, rng):
    """The second snippet, with a training and images of its own."""
    pixels = rng.integers(0, 256, (200, 8, 8, 3), dtype=np.uint8)
    labels = np.zeros(200, np.int32)
    keys = tuple(map(str, range(200)))
    weights = jnp.asarray(rng.normal(size=(3, 192)))

    def apply(variables, images):
        x = images.astype(jnp.float32)
        maps = jnp.concatenate([x @ variables[:, :64], x @ variables[:, 64:]], axis=-1)
        return {"conv1": maps[..., :64], "conv2": maps[..., 64:]}

    names = {
        "ce": ce,
        "pixels": DecodedImages(pixels=pixels, labels=labels, keys=keys),
        "apply": apply,
        "variables": weights,
        "train_one_epoch": lambda variables: 1.01 * variables,
        "epochs": 3,
    }
    exec(compile(SNIPPETS[1], "README.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines] == [
        f"epoch {epoch}: healthy" for epoch in range(3)
    ]


def test_the_snippet_is_about_ten_lines():
    calls = [
        line
        for line in SNIPPETS[0].splitlines()
        if "=" in line and "import" not in line
    ]
    assert len(calls) <= 13


def test_every_file_that_the_docs_link_to_exists():
    for page in ("README.md", "CONTRIBUTING.md", "experiments/README.md"):
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in link:
                assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"


HIDDEN_OR_MADE = re.compile(r"(^|/)(\.|node_modules/|runs/|build/|dist/)")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not HIDDEN_OR_MADE.search(path.relative_to(ROOT).as_posix())
)


NAME = re.compile(r"\b(ce|conceptevo_jax)((?:\.[A-Za-z_]\w*)+)")


def unknown_names(text: str) -> list[str]:
    """Names `ce.NAME` and `conceptevo_jax.NAME` in a text that do not exist.

    Names of the short form must be public; those of the long form may be of a module.
    """
    return [
        package + attributes
        for package, attributes in NAME.findall(text)
        if not _exists(package, attributes)
    ]


def _exists(package: str, attributes: str) -> bool:
    if package == "ce" and attributes.split(".")[1] not in ce.__all__:
        return False
    try:
        pkgutil.resolve_name(f"conceptevo_jax{attributes}")
    except (AttributeError, ImportError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_package_in_a_page_exists(page):
    assert unknown_names((ROOT / page).read_text()) == []


def test_names_that_do_not_exist_are_noticed():
    text = (
        "`ce.train(...)`, ce.ConceptMonitor.of_model, conceptevo_jax.data.DecodedImages"
        ", conceptevo_jax.types; but ce.find_concepts, ce.ConceptMonitor.of_models, "
        "ce.data, conceptevo_jax.nothing, conceptevo_jax.data.nothing; performance.md"
    )
    assert unknown_names(text) == [
        "ce.find_concepts",
        "ce.ConceptMonitor.of_models",
        "ce.data",
        "conceptevo_jax.nothing",
        "conceptevo_jax.data.nothing",
    ]
    assert {"README.md", "CHANGELOG.md", "docs/records.md"} <= set(PAGES)
