"""The genres of a vote: requested names as the model spells them, and what to do about unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.io.genre_names import find_genre, genre_key, related_genres, similar_genres, with_aliases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def choose_genres(
    requested: Sequence[str], known: Sequence[str], notify: Callable[[str], None]
) -> tuple[str, ...]:
    """Return the requested genres, each once, in the model's spelling of those that it knows.

    Args:
        requested: Names in any spelling.
        known: Genres of the model.
        notify: Called with a line for each name that was understood as another.

    Raises:
        InputError: All names mean one genre.
    """
    chosen: dict[str, str] = {}
    for name in requested:
        genre = find_genre(name, known)
        first = chosen.setdefault(genre or genre_key(name), genre or name)
        if first.casefold() != name.casefold():
            notify(f"genres: {name} is {first}")
    if len(chosen) == 1:
        raise InputError(
            f"a vote needs two genres at least, not {next(iter(chosen.values()))} alone: name another"
        )
    return tuple(chosen.values())


def check_spelling(genres: Sequence[str], known: Sequence[str]) -> None:
    """Check that no unknown genre is a typing error for one of the model's.

    A name is taken for a typing error if it is spelled like a genre of the model and is no common genre.

    Raises:
        InputError: A genre is; the message names the genre that was probably meant.
    """
    for name in (genre for genre in genres if genre not in known):
        if (near := similar_genres(name, known)) and not _is_common(name):
            raise InputError(
                f"the model knows no genre {name!r}: did you mean {near[0]}? It knows {with_aliases(known)}. "
                f"For untrained votes on {name!r} as it is written, add --zero-shot"
            )


def unknown_genres(genres: Sequence[str], known: Sequence[str]) -> str:
    """List the genres that a model does not know, each with the nearest name; empty if it knows all."""
    unknown = (genre for genre in genres if genre not in known)
    return ", ".join(genre + _hint(genre, known) for genre in unknown)


def _hint(genre: str, known: Sequence[str]) -> str:
    if not _is_common(genre) and (meant := similar_genres(genre, _common_genres())):
        return f" (did you mean {meant[0]}?)"
    near = related_genres(genre, known)
    return f" (nearest: {near[0]})" if near else ""


def _is_common(genre: str) -> bool:
    return find_genre(genre, _common_genres()) is not None


def _common_genres() -> list[str]:
    """About a thousand names of genres, which ``lite`` brings along."""
    from spotitags.taggers.lite.head import load_head

    return list(load_head().genres)


def among_genres(shares: Mapping[str, float], genres: Sequence[str]) -> dict[str, float]:
    """Return the shares of the requested genres, scaled to sum 1, largest first; equal ones if all are 0."""
    chosen = {genre: shares[genre] for genre in genres}
    total = sum(chosen.values())
    if not total:
        return dict.fromkeys(genres, 1 / len(genres))
    ranked = sorted(chosen.items(), key=lambda share: -share[1])
    return {genre: share / total for genre, share in ranked}
