"""Model card: its digest, and the check of everything that prediction reads from it."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Any, Final

from classifiers.ensemble.blends import kind_of
from classifiers.ensemble.results import VoterName
from classifiers.ensemble.training_covers import KEY as TRAINING_COVERS
from classifiers.ensemble.training_covers import unpack
from classifiers.image import EMBEDDING
from classifiers.text.views import COVERS, VIEWS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


FORMAT: Final = 3
_READABLE: Final = (2, FORMAT)
"""Formats that prediction reads; cards of format 2 have no blends."""
PER_COVER: Final = frozenset({COVERS, EMBEDDING})
"""Views whose rows are single covers."""
DIGEST: Final = "card_sha256"
"""Key of the card's own digest; cards of earlier versions have none."""
MAX_WIDTH: Final = 1_000_000
"""Maximum number of columns of an input."""
MAX_ITEMS: Final = 10_000
"""Maximum number of genres, taggers, inputs, voters or steps of the calibration."""
MAX_NUMBER: Final = 1e6
"""Maximum size of a weight or coefficient."""
MAX_ARTISTS: Final = 1e9
"""Maximum number of artists behind a step of the calibration."""
MAX_NAME: Final = 4000
"""Maximum number of characters of a name."""
MAX_CONTAINERS: Final = 100_000
"""Maximum number of lists and objects; empty ones take thirty times as much memory as in the file."""

_NAMES = "names without control characters"
_UNFIT = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def parse_card(data: bytes) -> dict[str, Any]:
    """Read a card, and check its digest and all that prediction uses.

    Raises:
        ValueError: It is no card; the message says why.
    """
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS:
        raise ValueError(f"it has more than {MAX_CONTAINERS} lists and objects")
    try:
        card: Any = json.loads(data, object_pairs_hook=_unique)
        digest = card_digest(card) if isinstance(card, dict) else ""
    except RecursionError:
        raise ValueError("its lists are nested too deeply") from None
    _require(isinstance(card, dict) and "format" in card, "it is not a model card")
    if card["format"] not in _READABLE:
        raise ValueError(f"it has format {card['format']!r:.20}, and this version reads {FORMAT}")
    if card.get(DIGEST, digest) != digest:
        raise ValueError("it was changed after the training: its digest is that of another card")
    content: dict[str, Any] = card
    check_card(content)
    return content


def card_digest(card: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a card's content without the digest itself; spaces and order do not count."""
    content = {name: value for name, value in card.items() if name != DIGEST}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_name(name: object) -> bool:
    """Return whether a value is a text that can be printed: not empty, and without control characters."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        return False
    return name.isprintable() or not re.search(_UNFIT, name)  # most are, which saves compiling the pattern


def check_card(card: Mapping[str, Any]) -> None:
    """Check every value of a card that prediction uses.

    Raises:
        ValueError: One is missing or impossible; the message names it.
    """
    genres = _items(card, "genres")
    _require(len(genres) > 1 and all(map(is_name, genres)), f"genres are not two or more {_NAMES}")
    _require(len(set(genres)) == len(genres), "two genres have one name")
    _check_versions(card, "taggers")
    if "measures" in card:
        _check_versions(card, "measures")
    inputs = _check_voters(card)
    if "optional" in card:
        _check_voters(_object(card["optional"], "optional"))
    if card["format"] == FORMAT:
        _check_blends(card)
    if "confidence" in card:
        _check_calibration(_object(card["confidence"], "confidence"))
    if TRAINING_COVERS in card:
        _require(isinstance(card[TRAINING_COVERS], str), f"{TRAINING_COVERS} is no text")
        unpack(card[TRAINING_COVERS])
    if "outsiders" in card:
        outsiders = _object(card["outsiders"], "outsiders")
        named = outsiders.get("input")
        _require(isinstance(named, str) and named in inputs, "outsiders name an input that is not there")
        for name in ("intercept", "evidence", "covers"):
            _number(outsiders, name, -MAX_NUMBER)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, and refuse a second value under one name, which other readers would take otherwise."""
    found = dict(pairs)
    _require(len(found) == len(pairs), "an object has one name twice")
    return found


def _check_versions(card: Mapping[str, Any], name: str) -> None:
    each = [_object(item, name) for item in _items(card, name)]
    named = all(is_name(item.get("name")) and is_name(item.get("version")) for item in each)
    _require(named and _differ(item["name"] for item in each), f"{name} and versions are not {_NAMES}")


def _check_voters(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check the voters and the inputs of one graph; returns the inputs by name."""
    digest = card.get("sha256")
    _require(isinstance(digest, str) and len(digest) == 64, "sha256 is no digest")  # noqa: PLR2004
    each = [_object(item, "inputs") for item in _items(card, "inputs")]
    for item in each:
        _check_input(item)
    _require(_differ(item["name"] for item in each), "two inputs have one name")
    inputs = {item["name"]: item for item in each}
    voters = [_object(item, "voters") for item in _items(card, "voters")]
    for voter in voters:
        _check_voter(voter, inputs)
    names = [(voter["tagger"], voter["view"], voter["classifier"]) for voter in voters]
    _require(_differ(names), "two voters have one name")
    _require({voter["input"] for voter in voters} == inputs.keys(), "an input has no voter")
    return inputs


def _check_input(item: Mapping[str, Any]) -> None:
    names = all(is_name(item.get(key)) for key in ("name", "tagger"))
    _require(names and item.get("view") in {*VIEWS, WORDS, EMBEDDING}, "an input has no name, tagger or view")
    name, width, top, labels = (item.get(key) for key in ("name", "width", "top", "labels"))
    _require(_is_count(width, MAX_WIDTH), f"the width of the input {name} is not from 1 to {MAX_WIDTH}")
    _require(top is None or _is_count(top, MAX_WIDTH), f"top of the input {name} is no number of labels")
    count = 0 if item["view"] == EMBEDDING else width
    if not isinstance(labels, list) or len(labels) != count:
        raise ValueError(f"the input {name} has not as many labels as columns")
    texts = all(isinstance(label, str) for label in labels)
    _require(texts and _differ(labels), f"the labels of the input {name} are not texts that differ")
    idf = item.get("idf", [])
    if not isinstance(idf, list) or len(idf) != (width if item["view"] == WORDS else 0):
        raise ValueError(f"the input {name} has not as many idf as words")
    _require(all(_is_number(each, 0) for each in idf), f"an idf of the input {name} is no number from 0")


def _check_voter(voter: Mapping[str, Any], inputs: Mapping[str, Mapping[str, Any]]) -> None:
    _require(is_name(voter.get("classifier")), "a voter has no classifier")
    name, source = voter["classifier"], voter.get("input")
    if not isinstance(source, str) or source not in inputs:
        raise ValueError(f"the voter {name} has an input that is not there")
    same = all(voter.get(key) == inputs[source][key] for key in ("tagger", "view"))
    _require(same, f"the voter {name} has another tagger or view than its input")
    _number(voter, "weight", 0)
    if voter["view"] in PER_COVER:
        sharpness = _object(voter.get("sharpness"), "sharpness")
        _number(sharpness, "scale", 0)
        _number(sharpness, "growth", -1, 2)
        _require(len(sharpness) == 2, "sharpness has more than a scale and a growth")  # noqa: PLR2004


def _check_blends(card: Mapping[str, Any]) -> None:
    """Check that there is one blend for each set of kinds of the voters."""
    voters = [*card["voters"], *card.get("optional", {"voters": ()})["voters"]]
    kinds = {kind_of(VoterName(each["tagger"], each["view"], each["classifier"])) for each in voters}
    blends = [_object(each, "blends") for each in _items(card, "blends")]
    sets = set()
    for blend in blends:
        weights = _object(blend.get("weights"), "weights")
        for kind in weights:
            _number(weights, kind, 0)
        sets.add(frozenset(weights))
        if "confidence" in blend:
            _check_calibration(_object(blend["confidence"], "confidence"))
    complete = len(sets) == len(blends) == 2 ** len(kinds) - 1 and frozenset() not in sets
    _require(complete and all(each <= kinds for each in sets), "blends are not those of all kinds of voters")


def _check_calibration(confidence: Mapping[str, Any]) -> None:
    steps = [_object(step, "steps") for step in _items(confidence, "steps")]
    for step in steps:
        _number(step, "share", 0, 1)
        _number(step, "right", 0, 1)
        _number(step, "artists", 0, MAX_ARTISTS)
    rows = [(step["share"], step["right"]) for step in steps]
    rising = all(a <= b for a, b in pairwise(rows))
    _require(rows[0][0] == 0 and rising, "the steps of the calibration do not start at 0 and rise")
    if confidence.get("sure_from", 0) is not None:
        _number(confidence, "sure_from", 0, 1)
    if "none_below" in confidence:
        _number(confidence, "none_below", 0, 1)


def _require(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise ValueError(message)


def _items(card: Mapping[str, Any], name: str) -> list[Any]:
    items = card.get(name)
    if not (isinstance(items, list) and 1 <= len(items) <= MAX_ITEMS):
        raise ValueError(f"{name} is missing, or no list of 1 to {MAX_ITEMS} items")
    return items


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} has a value that is no object")  # noqa: TRY004 - of a file, not of a caller
    return value


def _differ(names: Iterable[object]) -> bool:
    names = list(names)
    return len(set(names)) == len(names)


def _is_count(value: object, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest


def _number(card: Mapping[str, Any], name: str, least: float, largest: float = MAX_NUMBER) -> None:
    if not _is_number(card.get(name), least, largest):
        raise ValueError(f"{name} is missing, or no number from {least:g} to {largest:g}")


def _is_number(value: object, least: float, largest: float = MAX_NUMBER) -> bool:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else nan
    return least <= number <= largest
