import hashlib
import subprocess
import sys

import numpy as np
import pytest

from classifiers.features import features, tally
from classifiers.linear import KNOWS_ALL, Linear, Target, fit
from datagen.errors import UsageError

WORDS = {0: "heart valve murmur", 1: "skin rash itching", 2: "bone fracture cast"}


def texts(count: int = 60) -> tuple[list, np.ndarray]:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, count)
    filler = ["then", "some", "day", "came", "and", "went"]
    made = [
        features(" ".join([*draw.permutation(WORDS[label].split())[:2], *draw.choice(filler, 5)])) for label in labels
    ]
    return made, labels


def target(labels: np.ndarray, count: int = 3, **columns) -> Target:
    size = len(labels)
    standard = {"weights": np.ones(size), "sources": np.full(size, KNOWS_ALL), "languages": np.zeros(size, int)}
    return Target(labels=labels, count=count, **{**standard, **columns})


def test_what_is_learnt_serves_texts_not_seen():
    made, labels = texts()
    model = fit(made, [target(labels)], 0)
    for label, words in WORDS.items():
        assert int(model.margins(features(f"once the {words} went away")).argmax()) == label


def test_heads_trained_together_are_those_trained_alone():
    made, labels = texts()
    second = np.where(labels == 1, 1, 0)
    together = fit(made, [target(labels), target(second, 2)], 0)
    alone = fit(made, [target(second, 2)], 0)
    for text in made[:10]:
        assert together.margins(text)[3:] == pytest.approx(alone.margins(text), abs=0.03)


def test_the_optimum_does_not_depend_on_the_order_of_descent():
    made, labels = texts()
    one, other = fit(made, [target(labels)], 0), fit(made, [target(labels)], 1)
    for text in made[:10]:
        assert one.margins(text) == pytest.approx(other.margins(text), abs=0.1)


def test_a_rare_label_is_heard():
    common, rare = [features(f"fever cough {n}") for n in range(95)], [features(f"fever gout {n}") for n in range(5)]
    model = fit([*common, *rare], [target(np.array([0] * 95 + [1] * 5), 2)], 0)
    assert int(model.margins(features("gout")).argmax()) == 1


def test_a_source_does_not_speak_against_labels_that_it_lacks():
    a = [features(f"hello doctor heart {n}") for n in range(20)] + [
        features(f"hello doctor skin {n}") for n in range(20)
    ]
    b = [features("bone"), features("bone cast")]
    labels = np.array([0] * 20 + [1] * 20 + [2] * 2)
    sources = np.array([0] * 40 + [KNOWS_ALL] * 2)
    question = features("hello doctor my bone")
    aware = fit([*a, *b], [target(labels, sources=sources)], 0).margins(question)
    naive = fit([*a, *b], [target(labels)], 0).margins(question)
    assert aware[2] - aware[:2].max() > naive[2] - naive[:2].max()
    assert int(aware.argmax()) == 2


def test_bytes_do_not_depend_on_the_process_and_come_back():
    made, labels = texts(20)
    data = fit(made, [target(labels)], 7).dump()
    again = Linear.read(data)
    assert again.dump() == data
    code = (
        "import hashlib; from tests.classifiers.test_linear import *; made, labels = texts(20);"
        "print(hashlib.sha256(fit(made, [target(labels)], 7).dump()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": "3"})
    assert there.stdout.strip() == hashlib.sha256(data).hexdigest(), there.stderr


def test_a_broken_file_is_refused():
    with pytest.raises(UsageError, match="can't be read"):
        Linear.read(b"no safetensors")


def test_nothing_known_is_no_trouble():
    made, labels = texts(20)
    model = fit(made, [target(labels)], 0)
    assert model.margins(tally(np.empty(0, np.uint32))) == pytest.approx(model.biases)
    assert fit([features("one"), features("two")], [target(np.array([0, 1]), 2)], 0).margins(made[0]).shape == (2,)
