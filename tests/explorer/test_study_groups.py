"""Groups of a study are found again in a scene; what it does not show is counted."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.explorer import locate_study_group, write_page
from conceptevo_jax.explorer.chunks import page_chunks
from conceptevo_jax.study import Study, save_study
from conceptevo_jax.study.design.tasks import Task

MEMBERS = ("base@3/conv2/1", "vgg@step3/conv1/0", "vgg@0/conv1/2")
PLACES = ((0, 0, 4), (1, 1, 0), (1, 2, 2))


@pytest.fixture
def scene(make_scene):
    return make_scene()


def given(scene, *members, intruder="vgg@init/conv2/0"):
    told = {"name": "pets-1", "category": "<b>pets</b>"}
    return locate_study_group(scene.courses, **told, members=members, intruder=intruder)


def test_neurons_are_found_in_their_own_snapshots(scene):
    found = given(scene, *MEMBERS)
    assert (found.name, found.category) == ("pets-1", "<b>pets</b>")
    assert found.members == PLACES
    assert found.intruder == (1, 0, 3)
    assert found.missing == 0


@pytest.mark.parametrize(
    "absent",
    [
        "vgg@7/conv1/0",
        "cnx@0/conv1/0",
        "base@3/conv9/0",
        "base@3/conv1/3",
        "base@3/conv1/-1",
        "a picture",
    ],
    ids=["snapshot", "run", "site", "index", "negative", "no neuron"],
)
def test_what_the_scene_does_not_show_is_counted(scene, absent):
    found = given(scene, *MEMBERS[:2], absent, MEMBERS[2], intruder=absent)
    assert found.members == PLACES
    assert found.intruder is None
    assert found.missing == 2


def test_a_page_holds_the_groups_and_one_without_is_as_before(
    scene, keep_scene, template, tmp_path, parts_of, read_chunk
):
    saved = keep_scene(scene)
    path = tmp_path / "page.html"

    def core(one):
        write_page([one], path, title="t", patches=False)
        return parts_of(path.read_text(), "chunk")["core"]

    bare = core(saved)
    listed = core(dataclasses.replace(saved, study_groups=[given(scene, *MEMBERS)]))
    assert "given" not in read_chunk(bare)[0]["scenes"][0]
    assert read_chunk(listed)[0]["scenes"][0]["given"] == [
        {
            "name": "pets-1",
            "category": "<b>pets</b>",
            "members": [list(place) for place in PLACES],
            "intruder": [1, 0, 3],
            "missing": 0,
        }
    ]


def test_groups_belong_to_one_of_several_scenes(scene, make_scene, read_chunk):
    found = given(scene, *MEMBERS)
    core = dict(page_chunks("t", [make_scene(), scene], [(), (found,)]))["core"]
    first, second = read_chunk(core)[0]["scenes"]
    assert "given" not in first
    assert len(second["given"]) == 1


@pytest.mark.parametrize(("place", "shown"), [("one", 3), ("one/vgg", 2)])
def test_the_command_lists_what_the_result_asks_about(
    call, make_scene, keep_scene, template, tmp_path, parts_of, read_chunk, place, shown
):
    keep_scene(make_scene(("base", "vgg", "cnx")), tmp_path / "one")
    cards = ("vgg@0/conv1/2", "base@3/conv2/1", "cnx@init/conv1/0")
    task = Task(id="hand_picked-<b>", category="hand_picked", cards=cards, intruder=1)
    patches = np.zeros((1, 3, 1, 4, 4, 3), np.uint8)
    save_study(tmp_path / "one", Study(title="t", tasks=(task,), patches=patches))
    assert call("explore", place)[0] == 0
    (page,) = (tmp_path / "one").glob("*.html")
    core = parts_of(page.read_text(), "chunk")["core"]
    (found,) = read_chunk(core)[0]["scenes"][0]["given"]
    assert (found["name"], found["category"]) == ("hand_picked-<b>", "hand-picked sets")
    assert found["members"] == [[0, 0, 4], [2, 0, 0]][: shown - 1]
    assert found["intruder"] == [1, 2, 2]
    assert found["missing"] == 3 - shown
