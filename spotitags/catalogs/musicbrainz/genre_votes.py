"""Genres of artists by MusicBrainz's votes, as labels to train and evaluate on."""

from __future__ import annotations

import csv
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
from spotitags.errors import InputError, SpotiTagsError, UnlabelledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.records import Artist


COLUMNS: Final = ("artist_id", "artist_name", "genre", "votes", "all_votes")


class Label(NamedTuple):
    """An artist's genre, and how it came about.

    Attributes:
        artist: Id as it was asked for, and MusicBrainz's name.
        genre: One of those asked for.
        votes: For this genre, 1 or more.
        all_votes: Every genre that MusicBrainz's users gave the artist, with its votes, most first.
    """

    artist: Artist
    genre: str
    votes: int
    all_votes: Mapping[str, int]


def labels(
    catalog: Catalog, artists: Iterable[str], genres: Sequence[str]
) -> Iterator[tuple[str, Label | SpotiTagsError]]:
    """For each artist in turn the genre with most votes, or why it has none; see `tally`.

    Args:
        catalog: Gives votes, as MusicBrainz does.
        artists: Spotify ids, URIs or URLs, or MBIDs.
        genres: To choose from, two or more, in your own spelling.

    Raises:
        InputError: Fewer than two genres, two that are the same to `tally`, or a catalogue without votes.
    """
    if not isinstance(catalog, MusicBrainzCatalog):
        raise InputError(f"the catalogue {catalog.name!r} has no votes on genres: take 'musicbrainz'")
    if len({_squashed(genre) for genre in genres} - {""}) < max(len(genres), 2):
        raise InputError(f"{', '.join(genres) or 'nothing'} cannot be told apart: give two genres or more")
    return ((ref, _label(catalog, ref, genres)) for ref in artists)


def tally(votes: Mapping[str, int], genres: Sequence[str]) -> dict[str, int]:
    """Votes for each of ``genres`` that got any, most first.

    A vote counts for a genre when it ends in its words, whatever the case and the spaces: ``thrash metal``
    and ``metal`` count for ``Metal``, ``east coast hip hop`` for ``hiphop``, ``country rock`` for ``rock``.
    Where several genres fit, it counts for the longest.

    >>> tally({"thrash metal": 23, "heavy metal": 20, "hard rock": 5, "bay area": 1}, ["metal", "rock"])
    {'metal': 43, 'rock': 5}
    """
    wanted = {_squashed(genre): genre for genre in genres}
    counted: dict[str, int] = {}
    for name, count in votes.items():
        words = _words(name)
        endings = ("".join(words[start:]) for start in range(len(words)))
        genre = next((wanted[ending] for ending in endings if ending in wanted), None)
        if genre is not None and count > 0:
            counted[genre] = counted.get(genre, 0) + count
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def write(stream: TextIO, found: Iterable[Label]) -> None:
    """Write labels as CSV with the columns of `COLUMNS`, as `train` and `evaluate` read it."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in found:
        votes = "; ".join(f"{genre} {count}" for genre, count in label.all_votes.items())
        writer.writerow([label.artist.id, label.artist.name, label.genre, label.votes, votes])


def _label(catalog: MusicBrainzCatalog, ref: str, genres: Sequence[str]) -> Label | SpotiTagsError:
    try:
        artist, votes = catalog.genres(ref)
    except SpotiTagsError as error:
        return error
    counted = tally(votes, genres)
    given = ", ".join(f"{genre} {count}" for genre, count in list(votes.items())[:5])
    if not votes:
        return UnlabelledError(f"MusicBrainz has no votes on genres of {artist.name}: label it by hand")
    if not counted:
        return UnlabelledError(f"MusicBrainz gives {artist.name} other genres ({given}): label it by hand")
    (genre, most), *others = counted.items()
    if others and others[0][1] == most:
        return UnlabelledError(
            f"MusicBrainz gives {artist.name} {genre} and {others[0][0]} {most} votes each ({given}): "
            "label it by hand"
        )
    return Label(artist, genre, most, votes)


def _words(genre: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", genre).casefold())


def _squashed(genre: str) -> str:
    return "".join(_words(genre))
