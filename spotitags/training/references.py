"""Reference covers of other genres, other pictures and blanks, which teach a model "none of these genres".

The package holds their embeddings by `lite`, no picture. `spotitags.training.build_references` builds them;
docs/outsiders.md names their sources.
"""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.io.genre_names import aliases, find_genre, genre_key, genre_words
from spotitags.taggers.features.embedding import unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.training.dataset import Row
    from classifiers.training.detector import Kind, References

TAGGER = "lite"
FILE = "references.npz"
MUSIC = "music"  # the category whose kinds are genres
GROUP = 10  # covers of a library artist, as many as a prediction uses
DIGEST = 16  # leading characters of the SHA-256 (hex) by which a cover is known again
_EMBEDDING_PARTS = ("efficientnet", "graph-", "head-")  # of the tagger's version, on which embeddings depend


def references_for(rows: Sequence[Row], versions: Mapping[str, str]) -> References | None:
    """Load the references for a model: other genres' covers as outsiders, its own genres' as examples.

    A kind that shares a word with a genre (``doom-metal`` and ``metal``) may or may not belong to it, so it
    is left out. The artists of the bundled library are outsiders, too, if their genre is another one.

    Args:
        rows: Labelled artists of the model; their covers are not used as references.
        versions: Tagger to version.

    Returns:
        None if the rows have no embeddings like those of the references.
    """
    import numpy as np

    from classifiers.training.detector import References

    data = np.load(str(files("spotitags.training").joinpath(FILE)), allow_pickle=False)
    if not _same_network(versions.get(TAGGER, ""), str(data["version"])):
        return None
    genres, used = sorted({row.genre for row in rows}), {group for row in rows for group in row.groups}
    kinds = [*_kinds(data, genres, used), *_library_kinds(genres, used)]
    return References(TAGGER, tuple(kinds), data["size_directions"].astype(np.float32))


def _same_network(version: str, reference: str) -> bool:
    """Return whether two versions of `lite` embed alike: same networks, whatever their labels."""
    parts, expected = (
        {part for part in each.split() if part.startswith(_EMBEDDING_PARTS)} for each in (version, reference)
    )
    return parts == expected


def _kinds(data: Mapping[str, NDArray[Any]], genres: Sequence[str], used: Collection[str]) -> Iterator[Kind]:
    """Yield the package's kinds without used covers, each with its genre in the model if it has one."""
    import numpy as np

    from classifiers.training.detector import Kind

    embeddings = unpack(data["covers"])
    unused = ~np.isin(data["digests"], [digest[:DIGEST] for digest in used])
    for number, (name, category) in enumerate(
        zip(data["kinds"].tolist(), data["categories"].tolist(), strict=True)
    ):
        genre = find_genre(name, genres) if category == MUSIC else None
        if genre is None and category == MUSIC and is_related(name, genres):
            continue
        chosen = (data["kind"] == number) & unused
        artists = [
            embeddings[chosen & (data["artist"] == i)] for i in dict.fromkeys(data["artist"][chosen].tolist())
        ]
        if artists:
            yield Kind(name, category, genre, artists)


def _library_kinds(genres: Sequence[str], used: Collection[str]) -> Iterator[Kind]:
    """Yield the bundled library's artists of other genres, without the covers that the rows have."""
    from classifiers.training.detector import Kind

    library = LibraryCatalog()
    by_genre: dict[str, list[NDArray[np.float32]]] = {}
    for artist in library.artists():
        genre = str(artist.genre)
        if find_genre(genre, genres) or is_related(genre, genres):
            continue
        digests = dict.fromkeys(album.digest or "" for album in library.albums(artist.id, GROUP))
        packed = library.embeddings([digest for digest in digests if digest not in used])
        if packed is not None and len(packed):
            by_genre.setdefault(genre, []).append(unpack(packed))
    for genre, artists in sorted(by_genre.items()):
        yield Kind(f"{genre} (library)", MUSIC, None, artists)


def is_related(kind: str, genres: Sequence[str]) -> bool:
    """Return whether a kind shares a word with one of the genres, in any spelling and by any alias."""
    parts = _parts(kind)
    return any(parts & _parts(genre) for genre in genres)


def _parts(name: str) -> set[str]:
    """Words of a name and its aliases, and their pairs, since ``hip hop`` is written as one word, too."""
    forms = [[word for word in genre_words(form) if word != "and"] for form in (name, *aliases(name))]
    return {genre_key(part) for words in forms for part in [*words, *map("".join, pairwise(words))]}
