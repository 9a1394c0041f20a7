"""Distinctive tags of each genre of a labelled corpus: ``classifiers.text.views``, applied to bags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text import views
from spotitags.errors import InputError
from spotitags.io.genre_names import common_spellings
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import TagBag


def distinct_tags(
    bags: Sequence[TagBag], genres: Sequence[str] | None = None, k: int = 100
) -> dict[str, list[Tag]]:
    """Find the tags in a genre's top ``k`` that are in no other genre's, the rule of the SpotiTags of 2015.

    The rule suits two or three genres: the more genres there are, the fewer tags are left for each.
    `log_odds_tags` has no such limit.

    Args:
        bags: Bags of many artists, by one tagger.
        genres: One genre per bag; None takes the genres of the artists.
        k: Number of a genre's heaviest tags to compare; above 0.

    Returns:
        Genre (alphabetical) to its distinct tags, weights summed over its bags, heaviest first.

    Raises:
        InputError: A genre is missing, the bags are of several taggers, or ``k`` is not above 0.

    >>> from spotitags.records import Artist, TagBag
    >>> metal = TagBag(Artist("a", genre="metal"), "lite", (Tag("church", 2.0), Tag("man", 1.0)), 3)
    >>> jazz = TagBag(Artist("b", genre="jazz"), "lite", (Tag("man", 2.0), Tag("trumpet", 1.5)), 3)
    >>> distinct_tags([metal, jazz])
    {'jazz': [Tag(label='trumpet', weight=1.5)], 'metal': [Tag(label='church', weight=2.0)]}
    """
    check_k(k)
    return as_tags(views.distinct(_totals(bags, genres), k))


def log_odds_tags(
    bags: Sequence[TagBag], genres: Sequence[str] | None = None, *, prior: float | None = None
) -> dict[str, list[Tag]]:
    """Score every tag by how much more often a genre has it than the other genres.

    The score is the z-score of weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi and
    Quinn, "Fightin' Words", 2008).

    Args:
        bags: Bags of many artists, by one tagger.
        genres: One genre per bag; None takes the genres of the artists.
        prior: Strength of the prior in summed weight, above 0; None for the mean total of a genre. A stronger
            prior gives rare tags lower scores.

    Returns:
        Genre (alphabetical) to tags whose ``weight`` is the z-score, highest first; below 0 if the other
        genres have the tag more often.

    Raises:
        InputError: A genre is missing, there is only one, the bags are of several taggers, or ``prior`` is
            not above 0.
    """
    totals = _totals(bags, genres)
    try:
        return as_tags(views.log_odds(totals, prior))
    except ValueError as error:
        raise InputError(str(error)) from error


def _totals(bags: Sequence[TagBag], genres: Sequence[str] | None) -> dict[str, dict[str, float]]:
    """Sum the weights of each tag over the bags of each genre."""
    labels = [bag.artist.genre or "" for bag in bags] if genres is None else list(genres)
    spelling = common_spellings(labels)
    labels = [spelling[label] for label in labels]
    if len(labels) != len(bags):
        raise InputError(f"there are {len(bags)} bags and {len(labels)} genres: give one genre for each bag")
    for bag, label in zip(bags, labels, strict=True):
        if not label:
            raise InputError(f"the artist {bag.artist.id} has no genre: label it, or leave it out")
    taggers = sorted({bag.tagger for bag in bags})
    if len(taggers) > 1:
        raise InputError(f"the bags are of several taggers ({', '.join(taggers)}): give those of one")
    return views.totals([bag.weights() for bag in bags], labels)


def check_k(k: int) -> None:
    """Check a number of heaviest tags.

    Raises:
        InputError: It is not above 0.
    """
    if k < 1:
        raise InputError(f"k is {k}: give 1 or more")


def as_tags(scores: dict[str, list[tuple[str, float]]]) -> dict[str, list[Tag]]:
    """Return the scored labels of each genre as tags."""
    return {genre: [Tag(*pair) for pair in pairs] for genre, pairs in scores.items()}
