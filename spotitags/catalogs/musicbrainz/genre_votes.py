"""Genre labels for training and evaluation, from the votes of MusicBrainz's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
from spotitags.errors import InputError, SpotiTagsError, UnlabelledError
from spotitags.io.genre_names import genre_key, genre_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.io.tables import Cell
    from spotitags.records import Artist


COLUMNS: Final = ("artist_id", "artist_name", "genre", "votes", "all_votes")


class Label(NamedTuple):
    """The genre of an artist, with its votes.

    Attributes:
        artist: Artist with the requested id and MusicBrainz's name.
        genre: One of the requested genres.
        votes: Number of votes for this genre, 1 or more.
        all_votes: Votes for all genres that MusicBrainz has for the artist, most first.
    """

    artist: Artist
    genre: str
    votes: int
    all_votes: Mapping[str, int]


def label_artists(
    catalog: Catalog, artists: Iterable[str], genres: Sequence[str]
) -> Iterator[tuple[str, Label | SpotiTagsError]]:
    """Yield each artist with the genre that has most votes, or with the error why it has no label.

    Args:
        catalog: Catalogue of MusicBrainz.
        artists: Spotify ids, URIs or URLs, or MBIDs.
        genres: Two or more genres to choose from, in any spelling; see `tally`.

    Raises:
        InputError: Fewer than two genres, two that `tally` takes for the same, or another catalogue.
    """
    if not isinstance(catalog, MusicBrainzCatalog):
        raise InputError(f"the catalogue {catalog.name!r} has no votes on genres: use 'musicbrainz'")
    if len({genre_key(genre) for genre in genres if genre_words(genre)}) < max(len(genres), 2):
        raise InputError(f"{', '.join(genres) or 'no genre'}: give two or more different genres")
    return ((ref, _label(catalog, ref, genres)) for ref in artists)


def tally(votes: Mapping[str, int], genres: Sequence[str]) -> dict[str, int]:
    """Count the votes for each of ``genres`` that has any, most first.

    A vote counts for a genre if its name ends in the words of that genre, in any spelling, or of an alias. So
    ``thrash metal`` and ``metal`` count for ``Metal``, ``east coast hip hop`` and ``gangsta rap`` for
    ``hiphop``, ``country rock`` for ``rock``. If several genres fit, the vote counts for the longest.

    >>> tally({"thrash metal": 23, "heavy metal": 20, "hard rock": 5, "bay area": 1}, ["metal", "rock"])
    {'metal': 43, 'rock': 5}
    """
    by_key = {genre_key(genre): genre for genre in genres}
    counted: dict[str, int] = {}
    for name, count in votes.items():
        words = genre_words(name)
        endings = (genre_key(" ".join(words[start:])) for start in range(len(words)))
        genre = next((by_key[ending] for ending in endings if ending in by_key), None)
        if genre is not None and count > 0:
            counted[genre] = counted.get(genre, 0) + count
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def label_row(label: Label) -> list[Cell]:
    """Return the cells of a label for `COLUMNS`, in the form that ``train`` and ``evaluate`` read."""
    votes = "; ".join(f"{genre} {count}" for genre, count in label.all_votes.items())
    return [label.artist.id, label.artist.name, label.genre, label.votes, votes]


def _label(catalog: MusicBrainzCatalog, ref: str, genres: Sequence[str]) -> Label | SpotiTagsError:
    try:
        artist, votes = catalog.genres(ref)
    except SpotiTagsError as error:
        return error
    counted = tally(votes, genres)
    summary = ", ".join(f"{genre} {count}" for genre, count in list(votes.items())[:5])
    if not votes:
        return UnlabelledError(f"MusicBrainz has no votes on genres of {artist.name}: label it by hand")
    if not counted:
        return UnlabelledError(f"MusicBrainz gives {artist.name} other genres ({summary}): label it by hand")
    (genre, most), *others = counted.items()
    if others and others[0][1] == most:
        return UnlabelledError(
            f"MusicBrainz gives {artist.name} {genre} and {others[0][0]} {most} votes each ({summary}): "
            "label it by hand"
        )
    return Label(artist, genre, most, votes)
