"""Files of weights give what their state dictionary gives; others are refused."""

import importlib.util
import pickle
import sys

import jax
import numpy as np
import pytest
from torchvision_states import torchvision_state

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import build_model, from_torchvision


@pytest.fixture(scope="module")
def model():
    return build_model("inception_v3", preset="tiny", classes=7)


@pytest.fixture
def state(model, rng):
    return torchvision_state(model, rng)


def _library(name):
    """The library, or a skip where the extra `[parity]` is not installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        pytest.skip("the extra [parity] is not installed")
    return importlib.import_module(name)


def _save_torch(path, state):
    torch = _library("torch")
    torch.save({n: torch.from_numpy(array) for n, array in state.items()}, path)


def _save_safetensors(path, state):
    _library("safetensors.numpy").save_file(state, path)


SAVE = {
    ".npz": lambda path, state: np.savez(path, **state),
    ".safetensors": _save_safetensors,
    ".pth": _save_torch,
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SAVE)
def test_a_file_gives_what_its_state_dictionary_gives(tmp_path, model, state, suffix):
    path = tmp_path / f"weights{suffix}"
    SAVE[suffix](path, state)
    expected = from_torchvision(model, state)
    jax.tree.map(np.testing.assert_array_equal, from_torchvision(model, path), expected)
    as_text = from_torchvision(model, str(path))
    jax.tree.map(np.testing.assert_array_equal, as_text, expected)


def test_tensors_that_are_trained_or_of_half_precision_are_read(model, state):
    torch = _library("torch")
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    tensors = {
        name: tensor.bfloat16().requires_grad_() if tensor.ndim else tensor
        for name, tensor in tensors.items()
    }
    kernel = from_torchvision(model, tensors)["params"]["fc"]["kernel"]
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(kernel, state["fc.weight"].T, rtol=2**-8)


@pytest.mark.parametrize("suffix", SAVE)
def test_a_damaged_file_is_named(tmp_path, model, state, suffix):
    path = tmp_path / f"weights{suffix}"
    SAVE[suffix](path, state)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=rf"weights{suffix} is damaged \(.*again"):
        from_torchvision(model, path)


@pytest.mark.parametrize("suffix", SAVE)
def test_a_missing_file_is_named(tmp_path, model, state, suffix):
    SAVE[suffix](tmp_path / f"unused{suffix}", state)
    with pytest.raises(DataError, match=f"missing{suffix}"):
        from_torchvision(model, tmp_path / f"missing{suffix}")


def test_a_pickle_that_runs_code_is_refused_unrun(tmp_path, model):
    _library("torch")

    class Touch:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"a": Touch()}))
    with pytest.raises(DataError, match=r"weights\.pth is damaged"):
        from_torchvision(model, path)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_around_the_state_dictionary_is_refused(tmp_path, model):
    torch = _library("torch")
    path = tmp_path / "checkpoint.pth"
    torch.save({"model": {"fc.weight": torch.zeros(2)}, "epoch": 3}, path)
    with pytest.raises(DataError, match="holds no state dictionary"):
        from_torchvision(model, path)


def test_another_format_is_refused_with_the_valid_ones(model):
    message = r"suffix.*'\.bin'.*Valid: \.npz, \.pt, \.pth, \.safetensors"
    with pytest.raises(UsageError, match=message):
        from_torchvision(model, "weights.bin")


@pytest.mark.parametrize(
    ("suffix", "name"), [(".pth", "torch"), (".safetensors", "safetensors.numpy")]
)
def test_without_its_library_a_file_is_refused(monkeypatch, model, suffix, name):
    monkeypatch.setitem(sys.modules, name, None)
    package = name.partition(".")[0]
    message = rf"pip install {package}, or save the weights as \.npz"
    with pytest.raises(UsageError, match=message):
        from_torchvision(model, f"weights{suffix}")
