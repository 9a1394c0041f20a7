"""Fit how likely lite's tags are right to tags judged by eye and to covers described by eye."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.bags.bag import broad_labels
from spotitags.bags.display.groups import label_groups
from spotitags.bags.display.rates import Rate, Rates
from spotitags.bags.display.selection import cover_chances
from spotitags.taggers.labels.themes import themes
from spotitags.taggers.lite.efficientnet import CLASS_WEIGHT, imagenet_labels
from spotitags.taggers.lite.head import load_head
from spotitags.training.lite_head.described import descriptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Tag

DIGITS = 16
"""Hex digits of a cover's SHA-256 that identify it here."""
NEVER = "-"
RIGHT = "right"

_PACKAGE = "spotitags.training.tag_display"
_DESCRIBED_LEAST = 0.12  # probability from which described covers count
_DESCRIBED_WEIGHT = 0.3  # of a described label, where a judged one is 1: descriptions are incomplete
_THEME_SCALE, _LABEL_SCALE = 0.7, 0.4  # of columns; larger ones are shrunk less. By 8-fold cross-validation
_UNKNOWN_USUAL = 0.05
_ATTRIBUTES: Mapping[str, tuple[float, float, float]] = {  # weight with an even chance, width, maximum
    **dict.fromkeys(
        ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink"), (0.075, 0.02, 0.5)
    ),
    **dict.fromkeys(("black", "white"), (0.052, 0.012, 0.1)),
    **dict.fromkeys(("brown", "beige"), (0.04, 0.012, 0.1)),
    "dark": (0.06, 0.012, 0.1),
    "bright": (0.07, 0.012, 0.1),
    "black and white": (0.22, 0.06, 0.5),
    "face": (0.12, 0.06, 0.5),
    "several faces": (0.2, 0.06, 0.5),
    "lettering": (0.33, 0.06, 0.5),
}
_HIDDEN = ("grey", "colourful", "high contrast", "low contrast")
_CLASS_SLOPE, _CLASS_BIAS = 1.2, 0.2


class Row(NamedTuple):
    """One tag of one cover with its verdict.

    Attributes:
        label: Built-in label.
        probability: That of the head.
        right: True if it fits.
        judged: True if the tag was judged by eye, False if the cover was described without it in view.
    """

    label: str
    probability: float
    right: bool
    judged: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """Chance of each label to be right: logistic in the log odds of the head's probability."""

    slope: float
    bias: Mapping[str, float]
    default: float


def judged_tags() -> list[tuple[str, Tag, str]]:
    """Return digest, tag and verdict (``right``, ``vague``, ``wrong``) of each tag in ``judged.tsv``."""
    from spotitags.records import Tag

    lines = (files(_PACKAGE) / "judged.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(digest, Tag(label, float(weight)), verdict) for digest, label, weight, verdict in rows]


def usual_rates() -> dict[str, float]:
    """Return the share of covers that each built-in label of lite fits."""
    head = load_head()
    return dict(zip(head.labels, (1 / (1 + np.exp(-head.priors(head.labels)))).tolist(), strict=True))


def rows(tags: Mapping[str, Sequence[Tag]]) -> list[Row]:
    """Collect judged tags, and all tags of described covers that the head was not trained on.

    Args:
        tags: Tags of covers by the first `DIGITS` digits of their digests.
    """
    usual, broad, described = usual_rates(), broad_labels(), descriptions()
    found = [
        Row(tag.label, usual[tag.label] + tag.weight, verdict == RIGHT, judged=True)
        for _, tag, verdict in judged_tags()
        if tag.label in usual
    ]
    for digest in sorted(tags.keys() & described.keys()):
        if described[digest].held_out:
            found += [
                Row(label, usual[label] + weight, label in described[digest].labels, judged=False)
                for label, weight in tags[digest]
                if label in usual and label not in broad and usual[label] + weight >= _DESCRIBED_LEAST
            ]
    return found


def fit(found: Sequence[Row]) -> Fit:
    """Fit a logistic regression with effects of themes and labels that are shrunk towards 0."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    theme_of = {label: theme.name for theme in themes() for label in theme.labels}
    labels, names = sorted(usual_rates()), sorted(set(theme_of.values()))
    column = {label: number for number, label in enumerate(labels)}
    theme = {label: names.index(theme_of[label]) for label in labels}
    judged = np.array([row.judged for row in found], float)
    odds = _log_odds(np.array([row.probability for row in found]))

    def indicator(columns: list[int], width: int, values: NDArray[np.floating]) -> csr_matrix:
        return csr_matrix((values, (np.arange(len(found)), columns)), shape=(len(found), width))

    themed = indicator([theme[row.label] for row in found], len(names), _THEME_SCALE * judged)
    common = indicator([column[row.label] for row in found], len(labels), np.full(len(found), _LABEL_SCALE))
    own = indicator([column[row.label] for row in found], len(labels), _LABEL_SCALE * judged)
    matrix = hstack([csr_matrix(np.c_[odds, judged, odds * judged]), themed, common, own]).tocsr()
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit(matrix, [row.right for row in found], np.where(judged > 0, 1, _DESCRIBED_WEIGHT))
    weights, intercept = model.coef_[0], float(model.intercept_[0])
    by_theme = weights[3 : 3 + len(names)] * _THEME_SCALE
    by_label = weights[3 + len(names) :].reshape(2, -1).sum(axis=0) * _LABEL_SCALE
    start = intercept + float(weights[1])
    bias = {label: start + float(by_theme[theme[label]] + by_label[column[label]]) for label in labels}
    return Fit(float(weights[0] + weights[2]), bias, start)


def table(fitted: Fit, tags: Mapping[str, Sequence[Tag]]) -> dict[str, Rate]:
    """Return the rates of all labels; the background is the mean chance over these covers."""
    usual = usual_rates()
    found = {"": Rate("", 1, _UNKNOWN_USUAL, fitted.slope, fitted.default, _UNKNOWN_USUAL)}
    found |= _class_rates()
    found |= {label: Rate(label, 1, usual[label], fitted.slope, fitted.bias[label], 0) for label in usual}
    found |= {label: _attribute_rate(label, *numbers) for label, numbers in _ATTRIBUTES.items()}
    found |= {label: Rate(NEVER, 1, 0, 1, 0, 0) for label in _HIDDEN}
    contained = (label for label, names in label_groups().narrower.items() if names & found.keys())
    found |= {label: Rate(label, 0, 0, 1, 0, 0) for label in contained if label not in found}
    sums: Counter[str] = Counter()
    rates = Rates(found)
    for each in tags.values():
        sums.update(cover_chances(each, rates))
    return {
        label: rate._replace(background=sums[label] / len(tags)) if label else rate
        for label, rate in found.items()
    }


def _attribute_rate(label: str, middle: float, width: float, full: float) -> Rate:
    """Return a rate of 0.5 at a weight, and of 0.73 at a width above it."""
    low, high = _log_odds(np.array([middle, middle + width]) / full).tolist()
    slope = 1 / (high - low)
    return Rate(label, full, 0, slope, -slope * low, 0)


def _class_rates() -> dict[str, Rate]:
    """Return the rates of ImageNet's classes: those in ``imagenet.txt`` as its labels, the others never."""
    names = imagenet_labels()
    found = {name: Rate(NEVER, CLASS_WEIGHT, 0, 1, 0, 0) for name in names}
    for line in (files(_PACKAGE) / "imagenet.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            label, classes = line.split(": ")
            for number in _numbers(classes):
                found[names[number]] = Rate(label, CLASS_WEIGHT, 0, _CLASS_SLOPE, _CLASS_BIAS, 0)
    return found


def _numbers(text: str) -> Iterable[int]:
    """Parse numbers and ranges such as ``7-9, 12``."""
    for part in text.split(", "):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _log_odds(probability: NDArray[np.floating]) -> NDArray[np.floating]:
    clipped = np.clip(probability, 0.001, 0.999)
    odds: NDArray[np.floating] = np.log(clipped / (1 - clipped))
    return odds


def lines(rates: Mapping[str, Rate]) -> list[str]:
    """Return the rows of a table, sorted by label."""
    return [
        "\t".join([label, "" if rate.shown_as == label else rate.shown_as, *map(_short, rate[1:])])
        for label, rate in sorted(rates.items())
    ]


def _short(number: float) -> str:
    return f"{number:.4g}" if math.isfinite(number) else ""
