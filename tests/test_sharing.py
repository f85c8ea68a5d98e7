"""What takes long is made by one worker, and read by all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import pytest
from sharing import once


def test_of_many_who_ask_one_makes_it_and_all_read_it(tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        (folder / "told").write_text("done")

    def ask(_):
        return (once(tmp_path / "it", make) / "told").read_text()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["done"] * 8
    assert made == [tmp_path / "it"]


def test_what_failed_is_tried_again(tmp_path):
    def fail(folder):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        once(tmp_path / "it", fail)
    assert once(tmp_path / "it", lambda folder: (folder / "a").touch()).is_dir()
    assert (tmp_path / "it" / "a").exists()


def test_programs_of_all_workers_are_kept_in_one_folder():
    folder = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    assert Path(jax.config.jax_compilation_cache_dir) == folder
    for kept_before in folder.glob("jit_planted*"):
        kept_before.unlink()
    jax.jit(planted)(1.0)
    assert list(folder.glob("jit_planted*"))


def planted(x):
    return 3 * x + 2
