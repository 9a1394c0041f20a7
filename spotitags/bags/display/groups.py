"""Labels that contain others, near-synonyms, and rules for some labels, from ``groups.txt``."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PERSON, MAN, WOMAN = "person", "man", "woman"

_TONES, _ASPECTS = "tones", "aspects"
_SIGNS = {"signs of a man": MAN, "signs of a woman": WOMAN}
_NONE: frozenset[str] = frozenset()


class Groups(NamedTuple):
    """Relations between labels; a label without a relation is in no mapping.

    Attributes:
        broader: All labels that contain a label, directly or by others.
        narrower: All labels that a label contains.
        same: Near-synonyms of a label.
        tones: Labels that say little unless they mark many covers.
        aspects: Labels whose narrower labels come together on covers, so that their chances do not add up.
        signs: Labels that are found with ``man``, or with ``woman``, far more often than with the other.
    """

    broader: Mapping[str, frozenset[str]]
    narrower: Mapping[str, frozenset[str]]
    same: Mapping[str, frozenset[str]]
    tones: frozenset[str]
    aspects: frozenset[str]
    signs: Mapping[str, frozenset[str]]

    def related(self, label: str) -> frozenset[str]:
        """Return the labels that are not shown beside this one: broader, narrower and near-synonyms."""
        return self.broader.get(label, _NONE) | self.narrower.get(label, _NONE) | self.same.get(label, _NONE)

    def family(self, label: str) -> frozenset[str]:
        """Return a label and all that it contains."""
        return self.narrower.get(label, _NONE) | {label}


@cache
def label_groups() -> Groups:
    """Read ``groups.txt``; its first lines describe it."""
    text = resources.files("spotitags.bags.display").joinpath("groups.txt").read_text(encoding="utf-8")
    return parse_groups(line for line in text.splitlines() if line and not line.startswith("#"))


def parse_groups(lines: Iterable[str]) -> Groups:
    """Parse lines such as ``tree > forest, palm trees``, ``fire = flames`` and ``tones: blue, darkness``.

    Raises:
        ValueError: A line has another form.
    """
    direct: defaultdict[str, set[str]] = defaultdict(set)  # narrower to broader
    same: defaultdict[str, set[str]] = defaultdict(set)
    rules: dict[str, frozenset[str]] = {}
    for line in lines:
        if " > " in line:
            broader, names = line.split(" > ", 1)
            for name in names.split(", "):
                direct[name].add(broader)
        elif " = " in line:
            names_of_one = line.split(" = ")
            for name in names_of_one:
                same[name].update(other for other in names_of_one if other != name)
        else:
            rule, _, names = line.partition(": ")
            if rule not in {_TONES, _ASPECTS, *_SIGNS}:
                raise ValueError(f"{line!r} is neither 'broader > narrower', 'one = other' nor a rule")
            rules[rule] = frozenset(names.split(", "))
    broader_of = {name: _closure(name, direct) for name in direct}
    narrower: defaultdict[str, set[str]] = defaultdict(set)
    for name, containing in broader_of.items():
        for label in containing:
            narrower[label].add(name)
    return Groups(
        broader_of,
        {label: frozenset(names) for label, names in narrower.items()},
        {label: frozenset(names) for label, names in same.items()},
        rules.get(_TONES, _NONE),
        rules.get(_ASPECTS, _NONE),
        {label: rules.get(rule, _NONE) for rule, label in _SIGNS.items()},
    )


def _closure(name: str, direct: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return all labels above one."""
    found: set[str] = set()
    pending = list(direct.get(name, ()))
    while pending:
        label = pending.pop()
        if label == name:
            raise ValueError(f"{name!r} is broader than itself: remove one of its lines")
        if label not in found:
            found.add(label)
            pending += direct.get(label, ())
    return frozenset(found)
