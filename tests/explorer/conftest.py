"""Pages of a planted scene."""

import pytest
import world

from conceptevo_jax.explorer import make_sheets, save_scene, write_page


@pytest.fixture(scope="session")
def save(tmp_path_factory):
    """Write a scene and its sheets."""

    def save(scene):
        own = scene.pictures
        sheets = make_sheets(world.pixels(), own.rows, own.tile)
        return save_scene(tmp_path_factory.mktemp("scene") / "scene", scene, sheets)

    return save


@pytest.fixture(scope="session")
def planted(save):
    return save(world.scene())


@pytest.fixture(scope="session")
def planted_page(planted, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert write_page([planted], path, title="planted · page")
    return path


@pytest.fixture
def page(visit, planted_page):
    """The planted scene's page: all runs on one map, at the end."""
    return visit(planted_page, world.ALL_RUNS)
