"""`conceptevo explore` and `conceptevo compare`: what they write, and where."""

import pyarrow.parquet as pq
import pytest


@pytest.fixture
def results(make_scene, keep_scene, template, tmp_path):
    """Two result folders of one space, and one of another."""
    keep_scene(make_scene(), tmp_path / "one")
    keep_scene(make_scene(("base", "cnx")), tmp_path / "two")
    keep_scene(make_scene(("base", "cnx"), space="elsewhere"), tmp_path / "far")
    return tmp_path


def names(read_chunk, parts_of, page):
    meta, _ = read_chunk(parts_of(page.read_text(), "chunk")["core"])
    return [run["name"] for run in meta["runs"]]


def test_a_result_gets_its_page_again(call, results, read_chunk, parts_of):
    code, out, _ = call("explore", "one")
    page = results / "one" / "explorer.html"
    assert code == 0
    assert f"Open {page} in a browser." in out
    assert names(read_chunk, parts_of, page) == ["base", "vgg"]
    assert parts_of(page.read_text(), "sheet")


def test_one_run_gets_a_page_beside_it(call, results, read_chunk, parts_of):
    code, _, _ = call("explore", "one/vgg")
    page = results / "one" / "explorer-vgg.html"
    assert code == 0
    assert names(read_chunk, parts_of, page) == ["base", "vgg"]
    assert not (results / "one" / "explorer.html").exists()


def test_flags_take_patches_out_and_spread_files(call, results, parts_of):
    assert call("explore", "one", "--no-patches", "out=bare.html")[0] == 0
    assert parts_of((results / "bare.html").read_text(), "sheet") == {}
    assert call("explore", "one", "--folder", "--no-patches", "out=spread")[0] == 0
    assert (results / "spread" / "index.html").is_file()
    assert not (results / "spread" / "sheets").exists()
    assert call("explore", "--folder", "one")[0] == 0
    assert (results / "one" / "explorer" / "index.html").is_file()


def test_a_folder_that_is_there_gets_the_page(call, results):
    (results / "mine").mkdir()
    (results / "mine" / "notes.txt").write_text("1")
    assert call("explore", "one", "out=mine")[0] == 0
    left = {path.name for path in (results / "mine").iterdir()}
    assert left == {"notes.txt", "explorer.html"}


def test_tables_lie_beside_the_page(call, results):
    code, out, _ = call("explore", "one", "--tables", "--no-patches")
    table = results / "one" / "explorer-tables" / "neurons.parquet"
    assert code == 0
    assert str(table) in out
    assert pq.read_table(table)["patch"].null_count == 20


def test_results_of_one_space_are_compared_on_one_map(
    call, results, read_chunk, parts_of
):
    code, out, _ = call("compare", "one", "two")
    assert code == 0
    assert "different spaces" not in out
    found = names(read_chunk, parts_of, results / "comparison.html")
    assert found == ["base", "vgg", "cnx"]
    # The results themselves are only read.
    assert {path.name for path in (results / "one").iterdir()} == {"scene"}


def test_results_of_two_spaces_are_compared_on_two(call, results, read_chunk, parts_of):
    code, out, _ = call("compare", "one/vgg", "far/cnx", "out=both.html")
    assert code == 0
    assert "different spaces" in out
    found = names(read_chunk, parts_of, results / "both.html")
    assert found == ["A: base", "vgg", "B: base", "cnx"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("explore",), 2, "say which: conceptevo explore RESULT_FOLDER"),
        (("explore", "one", "two"), 2, "=value, and RESULT_FOLDER is given already."),
        (("explore", "one", "--tabels"), 2, "'--tabels'. Did you mean '--tables'?"),
        (("explore", "one", "ot=x"), 2, "unknown option 'ot'. Did you mean 'out'?"),
        (("explore", "one/vg"), 2, "unknown run 'vg'. Did you mean 'vgg'?"),
        (("explore", "nowhere"), 3, "nowhere holds no scene"),
        (("compare", "one"), 2, "say which two: conceptevo compare A B"),
        (("compare", "one", "nowhere"), 3, "nowhere holds no scene"),
        (("compare", "one", "two", "--live"), 2, "unknown flag '--live'"),
    ],
)
def test_mistakes_are_explained_and_nothing_is_written(
    call, results, words, code, told
):
    before = {path.name for path in results.iterdir()}
    found, _, err = call(*words)
    assert found == code
    assert told in err
    assert {path.name for path in results.iterdir()} == before
