"""Selection of the tags that people read, from a bag that voters read whole.

Four steps: how likely each tag is right on each cover; labels left out whose precision is too low; one
chosen of broader and narrower labels and near-synonyms; the rest in the order in which they set this artist
apart.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from spotitags.bags.display.groups import MAN, PERSON, WOMAN, label_groups
from spotitags.bags.display.rates import FLOOR, rates_of
from spotitags.io.keywords import suggest_arguments
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from spotitags.bags.display.groups import Groups
    from spotitags.bags.display.rates import Rates
    from spotitags.records import TagBag

SURE_OF_ONE, SURE_OF_MANY = 0.63, 0.8
"""Least chance to be right of a shown tag: on a single cover, and on one at least of very many."""
SURE_OF_ANY = 0.55
"""Least chance on the cover that the tag fits best."""

_STANDS_FOR = 0.5  # share of the covers of a broader label at which a narrower one stands for both
_AS_COMMON = 0.8  # share of the covers of a near-synonym at which a label can be shown instead
_SHARE = 1 / 3  # of the covers that a tone marks
_COMMON = 0.12  # background above which any narrower label is preferred
_RARE = 0.002  # least background
_TONE = 0.5  # factor of the score of tones
_INDEPENDENT = 0.6  # 1 if narrower labels were right or wrong independently; fitted to described covers
_ALIKE = 0.75  # likewise, the covers of an artist
_ABSENT = 0.4  # probability of a label that the tagger did not give, as a share of its usual one
_SEX = {"odds": 0.7, MAN: 1.9, WOMAN: -0.9}  # logistic regression on 251 described covers
_SURE_OF_SEX = 1.6  # log odds; of 79 held-out covers that were called a man at 1.4, 4 showed a woman


class _Cover(NamedTuple):
    """Chance to be right, and weight, of the labels that count on one cover."""

    chances: dict[str, float]
    weights: dict[str, float]


class _Label(NamedTuple):
    """One label on an artist's covers.

    Attributes:
        covers: Expected number of covers that it fits.
        score: Higher for labels that set the artist apart.
    """

    covers: float
    score: float


@suggest_arguments
def shown_tags(bag: TagBag, n: int | None = None) -> list[Tag]:
    """Select the tags of an artist or a single cover that are worth reading.

    Of broader and narrower labels and near-synonyms one is shown, the most specific that is frequent enough;
    its weight counts the near-synonyms and narrower labels with it, no cover twice. Sex and age are named
    only where the tags of the cover agree on them. The tags of taggers without a table of rates (`rates_of`)
    keep their order; only repeats are left out.

    Args:
        bag: Bag of one tagger; with the tags of each cover, unless the tagger has no rates.
        n: The maximum number of tags; None for all.

    Returns:
        First what sets the artist apart. A weight is in [0, covers] and has the unit of the bag's. Fewer than
        ``n`` tags, or none, if no more are likely to be right.
    """
    rates = rates_of(bag.tagger) if bag.each else None
    covers = [_evidence(tags, rates) for tags in bag.each or (bag.tags,)]
    labels = _given(covers, bag.weights()) if rates is None else _right(covers, rates)
    return [Tag(label, _weight(label, covers)) for label in _chosen(labels, rates, n)]


def cover_chances(tags: Iterable[Tag], rates: Rates) -> Mapping[str, float]:
    """Return the chance to be right of each label that counts on one cover, broader labels included."""
    return _evidence(tags, rates).chances


def _evidence(tags: Iterable[Tag], rates: Rates | None) -> _Cover:
    """Return what the tags of one cover say, broader labels included."""
    given = dict(tags)
    chances: dict[str, float] = {}
    weights: dict[str, float] = {}
    for label, weight in given.items():
        name, chance = rates.shown(label, weight) if rates else (label, weight)
        if chance > chances.get(name, 0.0):
            chances[name], weights[name] = chance, max(weight, weights.get(name, 0.0))
    groups = label_groups()
    _add_broader(chances, groups, summed=rates is not None)
    if rates:
        chances = {label: chance for label, chance in chances.items() if chance >= FLOOR}
        _name_sex(given, chances, rates, groups)
    return _Cover(chances, weights)


def _add_broader(chances: dict[str, float], groups: Groups, *, summed: bool) -> None:
    """Add broader labels, or raise theirs; if ``summed``, several unlikely labels add up."""
    inside: defaultdict[str, list[float]] = defaultdict(list)
    for label, chance in chances.items():
        for broader in groups.broader.get(label, ()):
            inside[broader].append(chance)
    for broader, found in inside.items():
        if broader in chances:
            found.append(chances[broader])
        chances[broader] = max(found)
        if summed and len(found) > 1 and broader not in groups.aspects:
            chances[broader] = max(chances[broader], 1 - (1 - _any(found)) ** _INDEPENDENT)


def _name_sex(given: Mapping[str, float], chances: dict[str, float], rates: Rates, groups: Groups) -> None:
    """Remove the labels of the less likely sex, or of both if neither is likely enough."""
    man, woman = chances.get(MAN, 0.0), chances.get(WOMAN, 0.0)
    if not man and not woman:
        return
    odds = _probability(MAN, given, rates) / _probability(WOMAN, given, rates)
    signs = {sex: _any(given.get(label, 0.0) for label in groups.signs[sex]) for sex in (MAN, WOMAN)}
    balance = _SEX["odds"] * math.log(odds) + _SEX[MAN] * signs[MAN] + _SEX[WOMAN] * signs[WOMAN]
    if abs(balance) < _SURE_OF_SEX:
        chances[PERSON] = max(_any((man, woman)), chances.get(PERSON, 0.0))
    for sex, sure in ((MAN, balance), (WOMAN, -balance)):
        if sure < _SURE_OF_SEX:
            for label in groups.family(sex):
                chances.pop(label, None)


def _probability(label: str, given: Mapping[str, float], rates: Rates) -> float:
    """Return the tagger's probability of a label, low if it did not give the label."""
    rate = rates[label]
    return rate.probability(given[label]) if label in given else rate.usual * _ABSENT


def _any(chances: Iterable[float]) -> float:
    """Return the chance that one at least of several independent events happens."""
    return 1 - math.exp(math.fsum(math.log1p(-min(chance, 0.999)) for chance in chances))


def _collected(covers: Iterable[_Cover]) -> Mapping[str, list[float]]:
    """Return the chances of each label on the covers that have it."""
    chances: defaultdict[str, list[float]] = defaultdict(list)
    for cover in covers:
        for label, chance in cover.chances.items():
            chances[label].append(chance)
    return chances


def _given(covers: Iterable[_Cover], given: Collection[str]) -> dict[str, _Label]:
    """Return the labels that a tagger without rates gave, scored by their weight."""
    sums = {label: math.fsum(found) for label, found in _collected(covers).items() if label in given}
    return {label: _Label(total, total) for label, total in sums.items()}


def _right(covers: list[_Cover], rates: Rates) -> dict[str, _Label]:
    """Return the labels that are likely enough to be right, scored by how they set these covers apart."""
    least = SURE_OF_MANY - (SURE_OF_MANY - SURE_OF_ONE) / len(covers)
    tones = label_groups().tones
    labels = {}
    for label, found in _collected(covers).items():
        if max(found) < SURE_OF_ANY:
            continue
        count, right = math.fsum(found), max(*found, 1 - (1 - _any(found)) ** _ALIKE)
        share, usual = count / len(covers), max(rates[label].background, _RARE)
        if right < least or (label in tones and share < _SHARE):
            continue
        smoothed = share if len(covers) == 1 else (count + usual) / (len(covers) + 1)
        score = math.sqrt(count) * math.log(smoothed / usual)
        labels[label] = _Label(count, score * _TONE if label in tones else score)
    return labels


def _chosen(labels: Mapping[str, _Label], rates: Rates | None, n: int | None) -> list[str]:
    """Return labels of which none repeats another, the highest score first."""
    left_out = _left_out(labels, rates)
    chosen: list[str] = []
    for label in sorted(labels.keys() - left_out, key=lambda label: (-labels[label].score, label)):
        if label not in left_out:
            chosen.append(label)
            left_out |= label_groups().related(label)
    return chosen[:n]


def _left_out(labels: Mapping[str, _Label], rates: Rates | None) -> set[str]:
    """Return labels that another stands for: a narrower one, if frequent, else a broader or commoner one."""
    groups = label_groups()
    left_out: set[str] = set()
    kept: set[str] = set()
    for label, found in labels.items():
        inside = labels.keys() & groups.family(label) - {label}
        common = label == PERSON if rates is None else rates[label].background > _COMMON
        if any(common or labels[name].covers >= _STANDS_FOR * found.covers for name in inside):
            left_out.add(label)
        else:
            kept |= inside
    left_out |= kept
    return left_out | {
        label
        for label in labels.keys() - left_out
        for other in groups.same.get(label, frozenset()) & labels.keys() - left_out
        if labels[label].covers < _AS_COMMON * labels[other].covers
    }


def _weight(label: str, covers: Iterable[_Cover]) -> float:
    """Sum the weight of a label over the covers; of near-synonyms and narrower labels the heaviest counts."""
    groups = label_groups()
    members = groups.family(label) | groups.same.get(label, frozenset())
    return math.fsum(
        max((cover.weights[name] for name in members & cover.weights.keys()), default=0.0) for cover in covers
    )
