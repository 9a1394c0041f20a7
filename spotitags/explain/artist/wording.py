"""Sentences on an explanation, the same on a terminal and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.io.text import plain
from spotitags.rendering.explanation import signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.explain.artist.changes import Changes, Tried
    from spotitags.explain.artist.covers import ExplainedCover
    from spotitags.explain.artist.nearest import Nearest


def change_sentences(changes: Changes) -> list[str]:
    """Return sentences on the tags and on the covers without which another genre would win."""
    sentences = []
    if changes.tags.candidates:
        sentences.append(_sentence(changes, changes.tags, "tag", changes.removed_labels))
    if changes.covers.candidates > 1:
        names = [album.name or album.id for album in changes.removed_albums]
        sentences.append(_sentence(changes, changes.covers, "cover", names))
    return [plain(sentence) for sentence in sentences]


def _sentence(changes: Changes, tried: Tried, noun: str, names: Sequence[str]) -> str:
    now, other, number = changes.genre, changes.other, len(tried.removed)
    if tried.found:
        which = f"this {noun}" if number == 1 else f"these {number} {noun}s"
        shares = f"{tried.votes[other]:.2f} to {tried.votes[now]:.2f}"
        fewest = "" if number == 1 else " " + _fewest(tried, noun)
        return f"Without {which}, {other} wins ({shares}): {', '.join(names)}.{fewest}"
    strongest = f"Even without the {number} {noun}s, of {tried.candidates} tried, that speak most for {now}"
    first = max(tried.votes, key=tried.votes.__getitem__)
    shares = f"{first} has {tried.votes[first]:.2f}, {other} {tried.votes[other]:.2f}"
    return f"{strongest}, {other} does not win: {shares}."


def _fewest(tried: Tried, noun: str) -> str:
    """Return how sure it is that no smaller set is enough."""
    if tried.smallest:
        return f"All smaller sets of {tried.candidates} {noun}s were tried: none is enough."
    return "A smaller set may be enough: not all were tried."


def nearest_sentence(nearest: Nearest) -> str:
    """Return what was compared."""
    artists, covers = nearest.compared
    compared = f"of {artists:,} artists and {covers:,} covers in {nearest.source}"
    return plain(f"Nearest {compared}, by the embeddings of whole pictures")


def deletion_sentence(cover: ExplainedCover) -> str:
    """Return what blurring the strongest places of a cover changes; empty without a map."""
    if cover.deletion is None:
        return ""
    strongest, random = cover.deletion
    return f"Blurring its 16 strongest places: {signed(-strongest)}; 16 random ones: {signed(-random)}"
