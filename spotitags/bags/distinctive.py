"""What sets each genre of a labelled corpus apart: the maths of ``classifiers.text.views``, for bags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text import views
from spotitags.errors import InputError
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import TagBag


def distinct_tags(
    bags: Sequence[TagBag], genres: Sequence[str] | None = None, k: int = 100
) -> dict[str, list[Tag]]:
    """Tags in a genre's top ``k`` and in no other genre's, the rule of the SpotiTags of 2015.

    It was made for two or three genres: the more there are, the fewer tags are left to each. `log_odds_tags`
    keeps working.

    Args:
        bags: Of many artists, by one tagger.
        genres: One for each bag; None takes the artists' own.
        k: How many of a genre's heaviest tags to look at; above 0.

    Returns:
        Genre (alphabetical) to its tags, weights summed over its bags, heaviest first.

    Raises:
        InputError: A genre is missing, the bags are of several taggers, or ``k`` is not above 0.

    >>> from spotitags.records import Artist, TagBag
    >>> metal = TagBag(Artist("a", genre="metal"), "lite", (Tag("church", 2.0), Tag("man", 1.0)), 3)
    >>> jazz = TagBag(Artist("b", genre="jazz"), "lite", (Tag("man", 2.0), Tag("trumpet", 1.5)), 3)
    >>> distinct_tags([metal, jazz])
    {'jazz': [Tag(label='trumpet', weight=1.5)], 'metal': [Tag(label='church', weight=2.0)]}
    """
    if k < 1:
        raise InputError(f"k is {k}: give 1 or more")
    return _tags(views.distinct(_totals(bags, genres), k))


def log_odds_tags(
    bags: Sequence[TagBag], genres: Sequence[str] | None = None, *, prior: float | None = None
) -> dict[str, list[Tag]]:
    """Every tag by how much more a genre shows it than the others, as a z-score.

    Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008).

    Args:
        bags: Of many artists, by one tagger.
        genres: One for each bag; None takes the artists' own.
        prior: Strength of the prior in summed weight, above 0; None for the mean total of a genre. A stronger
            one trusts rare tags less.

    Returns:
        Genre (alphabetical) to tags whose ``weight`` is the z-score, highest first; below 0 the others show
        the tag more.

    Raises:
        InputError: A genre is missing, there is only one, the bags are of several taggers, or ``prior`` is
            not above 0.
    """
    totals = _totals(bags, genres)
    try:
        return _tags(views.log_odds(totals, prior))
    except ValueError as error:
        raise InputError(str(error)) from error


def _totals(bags: Sequence[TagBag], genres: Sequence[str] | None) -> dict[str, dict[str, float]]:
    names = [bag.artist.genre or "" for bag in bags] if genres is None else list(genres)
    if len(names) != len(bags):
        raise InputError(f"there are {len(bags)} bags and {len(names)} genres: give one genre for each bag")
    for bag, name in zip(bags, names, strict=True):
        if not name:
            raise InputError(f"the artist {bag.artist.id} has no genre: label it, or leave it out")
    taggers = sorted({bag.tagger for bag in bags})
    if len(taggers) > 1:
        raise InputError(f"the bags are of several taggers ({', '.join(taggers)}): give those of one")
    return views.totals([bag.weights() for bag in bags], names)


def _tags(labels: dict[str, list[tuple[str, float]]]) -> dict[str, list[Tag]]:
    return {genre: [Tag(*pair) for pair in pairs] for genre, pairs in labels.items()}
