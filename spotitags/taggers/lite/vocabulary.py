"""Labels and genres of lite as vectors in the space that its head shares with sentences."""

from __future__ import annotations

import difflib
import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.errors import InputError, NotInstalledError
from spotitags.records import Tag
from spotitags.taggers.array_cache import cached_arrays
from spotitags.taggers.labels.themes import GENRE_TEMPLATES, digest
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.head import head_version, load_head
from spotitags.taggers.lite.sentence_encoder import EXTRA, VERSION, SentenceEncoder, installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.taggers.lite.head import Head, Statistics

    Array = NDArray[np.float32]


TEMPLATES = ("{}", "a picture of {}")
"""Sentences around labels, as in the head's training; longer ones make all labels similar."""
FLOOR = 0.01
"""Minimum weight of a built-in label."""

_FEATURE = "the tagger lite with --words"
_ENCODER_VERSION = f"{VERSION} layers"
_DIGITS = 4
_MIN_WEIGHT = 10**-_DIGITS
_MAX_SUGGESTIONS = 4  # known genres that the error for an unknown one suggests


class Vocabulary:
    """Labels that covers are compared with: the built-in ones, or custom ones.

    Labels that are also attributes are left out, since a measured colour is more accurate than a similarity.

    Args:
        cache_dir: Folder for the embeddings of custom labels.
        labels: Custom labels; empty for the built-in ones.
        head: A head to use instead of the package's.
    """

    def __init__(self, cache_dir: Path, labels: Sequence[str] = (), head: Head | None = None) -> None:
        self.cache_dir = cache_dir
        self.labels = tuple(labels)
        self._given = head

    @property
    def version(self) -> str:
        """Version of head and labels; loads no encoder."""
        custom = f" words-{digest([self.labels, TEMPLATES, _ENCODER_VERSION])}" if self.labels else ""
        version = self._given.version if self._given else head_version()
        return f"head-{version}{custom} floor-{FLOOR}"

    @property
    def file(self) -> Path:
        """Cache file of the embeddings of custom labels that the head does not know."""
        return self.cache_dir / f"lite-labels-{_sentences_digest(self._unknown, TEMPLATES)}.npz"

    def preparation(self) -> str | None:
        """Return what is to be done once for custom labels; None if nothing is.

        Raises:
            NotInstalledError: The sentence encoder is needed and not installed.
        """
        if not self.labels or not self._unknown or self.file.is_file():
            return None
        if not installed():
            raise NotInstalledError(_FEATURE, EXTRA)
        return f"words to embed once: {len(self._unknown)}, a hundred take some seconds"

    def load(self) -> None:
        """Load or compute the labels' vectors, before threads use them.

        Raises:
            NotInstalledError: The sentence encoder is needed and not installed.
            WeightsError: The weights of the head or the encoder cannot be read.
        """
        _ = self._label_data

    def tags(self, vector: Array, top: int) -> list[Tag]:
        """Return the labels that fit one cover best, heaviest first; built-in ones of at least `FLOOR`.

        Args:
            vector: (dim,) of the cover, from `Head.project`.
            top: The maximum number of labels.
        """
        names, vectors, statistics, priors = self._label_data
        (contrast,) = self._head.contrast(vector[np.newaxis], vectors, statistics)
        weights = self._head.weights(contrast, priors)
        best = np.argsort(-weights, kind="stable")[:top]
        best = best[weights[best] >= (_MIN_WEIGHT if self.labels else FLOOR)]
        rounded = np.round(weights[best].astype(np.float64), _DIGITS).tolist()
        return [Tag(names[index], weight) for index, weight in zip(best.tolist(), rounded, strict=True)]

    @property
    def _head(self) -> Head:
        return self._given or load_head()

    @cached_property
    def _label_data(self) -> tuple[tuple[str, ...], Array, Statistics, Array]:
        """Labels in use, their (m, dim) vectors, the statistics of these, and (m,) priors."""
        head, names = self._head, self._names
        known = dict(zip(head.labels, head.label_vectors, strict=True))
        if self._unknown:
            vectors = _embedded(self._unknown, TEMPLATES, self.file, _FEATURE)
            known |= zip(self._unknown, vectors, strict=True)
        rows = [known[name if name in known else name.casefold()] for name in names]
        vectors = np.stack(rows) if rows else np.empty((0, head.dim), np.float32)
        return names, vectors, head.statistics(vectors), head.priors(names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Labels in use: those that are not attributes."""
        measured = set(attribute_labels())
        labels = self.labels or self._head.labels
        return tuple(label for label in labels if label.casefold() not in measured)

    @cached_property
    def _unknown(self) -> tuple[str, ...]:
        """Labels that the head does not know."""
        known = set(self._head.labels)
        return tuple(label for label in self._names if label.casefold() not in known)


class GenreVectors:
    """Genres as vectors: from the head, in any spelling, or else by the sentence encoder.

    Args:
        cache_dir: Folder for the embeddings of genres that the head does not know.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = cache_dir
        self._loaded: dict[tuple[str, ...], tuple[Array, Statistics]] = {}

    def version(self, genres: Sequence[str]) -> str:
        """Return the version of head and genres; loads no encoder.

        Raises:
            InputError: A genre is unknown, and the encoder is not installed; or a genre is given in two
                spellings, which would split its votes.
        """
        self._unknown(genres)
        return f"head-{head_version()} genres-{digest([list(genres), GENRE_TEMPLATES, _ENCODER_VERSION])}"

    def contrast(self, covers: Array, genres: Sequence[str]) -> Array:
        """Return the (n, n_genres) contrast of covers, (n, dim), along each genre; see `Head.contrast`.

        Raises:
            InputError: As `version` does.
        """
        head = load_head()
        vectors, statistics = self._vectors(tuple(genres))
        return head.contrast(covers, vectors, statistics)

    def _vectors(self, genres: tuple[str, ...]) -> tuple[Array, Statistics]:
        if genres not in self._loaded:
            head = load_head()
            unknown = self._unknown(genres)
            known = {squashed(name): vector for name, vector in head.genres.items()}
            if unknown:
                new = _embedded(unknown, GENRE_TEMPLATES, self._file(unknown))
                known |= zip(map(squashed, unknown), new, strict=True)
            vectors = np.stack([known[squashed(genre)] for genre in genres])
            self._loaded[genres] = vectors, head.statistics(vectors)
        return self._loaded[genres]

    def _unknown(self, genres: Sequence[str]) -> list[str]:
        """Return the genres that the head does not know, after checking that they can be embedded."""
        spelled: dict[str, str] = {}
        for genre in genres:
            if (first := spelled.setdefault(squashed(genre), genre)) != genre:
                raise InputError(f"{first} and {genre} are one genre in two spellings: leave one out")
        names = load_head().genres
        known = set(map(squashed, names))
        unknown = [genre for genre in genres if squashed(genre) not in known]
        if not unknown or installed() or self._file(unknown).is_file():
            return unknown
        near = dict.fromkeys(name for genre in unknown for name in nearest(genre, list(names)))
        hint = f"; it knows {', '.join(near)}" if near else ""
        feature = f"a vote of lite on {', '.join(unknown)}, which is not among its built-in genres,"
        raise InputError(f"{NotInstalledError(feature, EXTRA)}{hint}")

    def _file(self, genres: Sequence[str]) -> Path:
        return self.cache_dir / f"lite-genres-{_sentences_digest(genres, GENRE_TEMPLATES)}.npz"


def embed(encoder: SentenceEncoder, phrases: Sequence[str]) -> Array:
    """Return the vectors of phrases in the space of the head, means over `TEMPLATES`.

    Returns:
        (n_phrases, dim), of length 1 each.

    Raises:
        WeightsError: The weights of the head or the encoder cannot be read.
    """
    head = load_head()
    parts = [head.adapt(encoder.layers([each.format(phrase) for phrase in phrases])) for each in TEMPLATES]
    return l2_normalised(np.mean(parts, axis=0))


def squashed(genre: str) -> str:
    """Return a genre's letters and digits, if it has any: ``K-Pop``, ``k pop`` and ``kpop`` are equal."""
    return "".join(re.findall(r"\w", genre.casefold().replace("&", "n"))) or genre.casefold()


def nearest(genre: str, known: Sequence[str]) -> list[str]:
    """Return known genres with a similar spelling or a common word."""
    close = difflib.get_close_matches(genre.casefold(), known, _MAX_SUGGESTIONS, 0.75)
    words = set(genre.casefold().split())
    shared = [name for name in known if words & set(name.split())]
    return list(dict.fromkeys([*close, *sorted(shared, key=len)]))[:_MAX_SUGGESTIONS]


def _sentences(words: Sequence[str], templates: Sequence[str]) -> list[str]:
    """Return all sentences of the first word, then those of the next."""
    return [template.format(word) for word in words for template in templates]


def _sentences_digest(words: Sequence[str], templates: Sequence[str]) -> str:
    return digest([_sentences(words, templates), _ENCODER_VERSION])


def _embedded(
    words: Sequence[str], templates: Sequence[str], file: Path, what: str = "the sentence encoder"
) -> Array:
    """Return (n, dim) unit vectors of words, the means of their sentences, with a cache file."""
    sentences = _sentences(words, templates)
    (raw,) = cached_arrays(file, [len(sentences)], lambda: [SentenceEncoder(what).layers(sentences)])
    adapted = load_head().adapt(raw)
    return l2_normalised(adapted.reshape(-1, len(templates), adapted.shape[1]).mean(axis=1))
