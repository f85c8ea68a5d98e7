"""Settings are declared by rooms, composed to one schema, and read by their class."""

import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from omegaconf import OmegaConf

from conceptevo_jax.config import Config, Settings, compose_schema


@dataclass
class Nested(Settings, key="nested"):
    """Under a key."""

    size: int = 3
    names: list[str] = field(default_factory=list)


@dataclass
class AtTheTop(Settings):
    """Without a key."""

    rate: float | None = None


BOTH = compose_schema("Both", __name__, [Nested, AtTheTop])


def test_a_schema_holds_the_shared_settings_and_the_declared():
    node = OmegaConf.structured(BOTH)
    assert node.nested == {"size": 3, "names": []}
    assert node.rate is None
    assert set(OmegaConf.structured(Config)) < set(node)


def test_settings_are_read_by_their_class_and_changed_in_place():
    config = BOTH(name="a", nested=Nested(size=7), rate=0.5)
    assert isinstance(config, Config)
    assert Nested.of(config).size == 7
    AtTheTop.of(config).rate = 2.0
    Nested.of(config).size += 1
    assert (config.rate, config.nested.size) == (2.0, 8)


def test_two_configurations_share_no_settings():
    one, other = BOTH(), BOTH()
    Nested.of(one).names.append("a")
    assert Nested.of(other).names == []


@pytest.mark.parametrize("kind", [Nested, AtTheTop])
def test_a_configuration_without_the_settings_is_told_apart(kind):
    with pytest.raises(TypeError, match=f"composed without {kind.__name__}"):
        kind.of(Config())


LIGHT = """
import importlib, pkgutil, sys

import conceptevo_jax.benchmarks, conceptevo_jax.reports

packages = (conceptevo_jax.reports, conceptevo_jax.benchmarks)
count = 0
for package in packages:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.endswith(".settings"):
            importlib.import_module(module.name)
            count += 1
assert count >= 8, count
heavy = {"jax", "flax", "hydra", "numpy", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""


def test_settings_are_declared_without_anything_that_takes_long():
    subprocess.run([sys.executable, "-c", LIGHT], check=True)
