from __future__ import annotations

from dataclasses import replace

import pytest

from spotitags.taggers.labels.themes import GENRE_TEMPLATES, Theme, fingerprints, themes


def theme(*labels: str) -> Theme:
    return Theme("things", labels, ("a picture of {}",), ("a picture",))


def test_there_are_at_least_600_labels_and_none_twice() -> None:
    labels = [label for one in themes() for label in one.labels]

    assert len(labels) >= 600
    assert len(labels) == len(set(labels))


def test_every_theme_the_tagger_promises_has_labels() -> None:
    assert {one.name for one in themes()} == {
        "animals",
        "colours",
        "instruments",
        "lettering",
        "light",
        "mood",
        "objects",
        "people",
        "places",
        "styles",
        "symbols",
    }
    assert min(len(one.labels) for one in themes()) >= 30


def test_labels_are_readable_words() -> None:
    for label in (label for one in themes() for label in one.labels):
        assert label == label.lower().strip()
        assert all(character.isalnum() or character in " '-," for character in label), label
        assert "  " not in label


def test_every_sentence_takes_its_label() -> None:
    for one in themes():
        assert len(one.templates) > 1
        for template in one.templates:
            assert "guitar" in template.format("guitar")
        for sentence in one.neutral:
            assert "{" not in sentence
    assert all(template.format("jazz").count("jazz") == 1 for template in GENRE_TEMPLATES)


@pytest.mark.parametrize(
    ("change", "labels_differ", "sentences_differ"),
    [
        ({"labels": ("car", "cat")}, True, False),
        ({"templates": ("a photograph of {}",)}, False, True),
        ({"neutral": ("a photograph",)}, False, True),
        ({}, False, False),
    ],
)
def test_a_fingerprint_tells_what_changed(
    change: dict[str, tuple[str, ...]], *, labels_differ: bool, sentences_differ: bool
) -> None:
    before = theme("car", "dog")

    labels, sentences = fingerprints([before])
    new_labels, new_sentences = fingerprints([replace(before, **change)])  # type: ignore[arg-type]

    assert (labels != new_labels) is labels_differ
    assert (sentences != new_sentences) is sentences_differ


def test_the_order_of_labels_is_part_of_the_fingerprint() -> None:
    assert fingerprints([theme("car", "dog")]) != fingerprints([theme("dog", "car")])
