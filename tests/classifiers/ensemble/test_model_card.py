"""Digest and names of a card; `tests/faults/test_models.py` has the cards that are refused."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from classifiers.ensemble.model_card import DIGEST, card_digest, is_name, parse_card

BUNDLED = files("classifiers").joinpath("models", "lite.json").read_bytes()


def card() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(BUNDLED)
    return content


def test_the_bundled_card_has_its_digest() -> None:
    assert parse_card(BUNDLED)[DIGEST] == card_digest(card())


def test_spaces_and_order_do_not_change_the_digest() -> None:
    turned = dict(reversed(card().items()))
    assert parse_card(json.dumps(turned, indent=4).encode()) == card()


def test_a_card_that_was_changed_after_the_training_is_refused() -> None:
    with pytest.raises(ValueError, match="changed after the training"):
        parse_card(BUNDLED.replace(b'"skull"', b'"skill"', 1))


def test_a_card_of_an_earlier_version_has_no_digest() -> None:
    earlier = card()
    del earlier[DIGEST]
    assert parse_card(json.dumps(earlier).encode()) == earlier


def test_entries_of_later_versions_are_ignored() -> None:
    later = card() | {"weather": {"rain": [None]}}
    later[DIGEST] = card_digest(later)
    assert parse_card(json.dumps(later).encode())["weather"] == {"rain": [None]}


@pytest.mark.parametrize(
    "name", ["metal", "hip hop", "Años 80", "日本の\u3000ロック", "क्\u200dष", "r\u00a0b"]
)
def test_names_in_any_script_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31m", "\x7f", "a\u202eb", "\ud800", "x" * 4001, None, 7])
def test_what_cannot_be_printed_is_no_name(name: object) -> None:
    assert not is_name(name)
