"""What ImageNet's classes do to labels that stand for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.taggers._evidence import AGAINST, FOR, Evidence, words
from spotitags.taggers._labels import themes
from spotitags.taggers.lite import imagenet_labels


def probabilities(**classes: float) -> np.ndarray:
    """Of the classes named, underscores for spaces; the rest is spread over all."""
    names = imagenet_labels()
    found = np.full(1000, (1 - sum(classes.values())) / 1000)
    for name, share in classes.items():
        found[names.index(name.replace("_", " "))] += share
    return found


def test_every_label_is_one_of_the_shared_list_and_stands_for_classes() -> None:
    shared = {label for theme in themes() for label in theme.labels}
    labels = [word.label for word in words()]
    assert len(set(labels)) == len(labels) > 190
    assert set(labels) <= shared
    for word in words():
        assert word.classes
        assert all(0 <= number < 1000 for number in word.classes)
        assert 0 <= word.usual < 0.5


@pytest.mark.parametrize(
    ("label", "class_name"),
    [
        ("cowboy hat", "cowboy_hat"),
        ("dog", "toy_poodle"),
        ("dog", "chihuahua"),
        ("snake", "sidewinder_rattlesnake"),
        ("trumpet", "cornet"),
        ("church", "monastery"),
        ("mushrooms", "bolete"),
        ("butterfly", "monarch_butterfly"),
        ("bird", "magpie"),
        ("whale", "killer_whale"),
        ("suit and tie", "windsor_tie"),
        ("sunglasses", "shades"),
    ],
)
def test_a_class_speaks_for_its_label(label: str, class_name: str) -> None:
    sure = Evidence([label, "moon"]).lift(probabilities(**{class_name: 0.9}))
    faint = Evidence([label, "moon"]).lift(probabilities(**{class_name: 0.2}))
    assert sure[0] > faint[0] > 0
    assert sure[1] == faint[1] == 0


def test_what_the_network_would_have_seen_is_lowered() -> None:
    lift = Evidence(["banjo", "electric guitar", "guitarist"]).lift(probabilities(electric_guitar=0.8))
    assert lift[0] == -AGAINST
    assert lift[1] > 0
    assert lift[2] == 0


def test_a_class_that_is_named_on_every_cover_says_less() -> None:
    comic, saxophone = Evidence(["comic book", "saxophone"]).lift(
        probabilities(comic_book=0.3, saxophone=0.3)
    )
    assert 0 <= comic < saxophone


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 20))
def test_evidence_stays_in_its_bounds(seed: int, sharpness: float) -> None:
    raised = np.exp(sharpness * np.random.default_rng(seed).normal(size=1000))
    lift = Evidence([word.label for word in words()]).lift(raised / raised.sum())
    assert ((lift >= -AGAINST) & (lift <= FOR)).all()


def test_no_labels_need_no_evidence() -> None:
    assert Evidence([]).lift(probabilities()).shape == (0,)
    assert not Evidence(["a word of one's own"]).lift(probabilities(banjo=1)).any()
