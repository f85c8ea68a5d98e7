"""The README's snippet runs, and what it and the docs name exists."""

import re
from pathlib import Path

import numpy as np

import conceptevo_jax as ce

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_snippet_runs_and_places_every_live_neuron(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    names: dict = {}
    exec(compile(snippet, "README.md", "exec"), names)
    points, placed = names["points"], names["placed"]
    assert points.shape == (len(placed.vectors), 2)
    assert np.isfinite(points[placed.placed]).all()
    assert placed.placed.mean() > 0.5


def test_the_snippet_is_about_ten_lines():
    (snippet,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    calls = [
        line for line in snippet.splitlines() if "=" in line and "import" not in line
    ]
    assert len(calls) <= 13


def test_every_file_that_the_docs_link_to_exists():
    for page in ("README.md", "CONTRIBUTING.md", "experiments/README.md"):
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in link:
                assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"


def test_every_public_name_is_documented():
    for name in ce.__all__:
        assert getattr(ce, name).__doc__, name
