"""What lite looks for and votes on, as vectors in the space that its head shares with sentences."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.errors import InputError, NotInstalledError
from spotitags.records import Tag
from spotitags.taggers.array_cache import cached_arrays
from spotitags.taggers.labels.themes import GENRE_TEMPLATES
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
"""Sentences around labels, as the head's own were made: longer ones make all labels alike."""

_WHAT = "the tagger lite with --labels"
FLOOR = 0.01
"""Smallest weight of a built-in label that is told."""

_ENCODED = f"{VERSION} layers"
_DIGITS = 4
_LEAST = 10**-_DIGITS
_NEAR = 4  # known genres named to someone who asked for an unknown one


class Vocabulary:
    """Labels that covers are compared with: the built-in ones, or a user's own.

    Words that an attribute measures are left out: a measure knows better than a likeness to a word.

    Args:
        cache_dir: Folder for the embeddings of a user's own labels.
        labels: The user's own; empty for the built-in ones.
        head: Another than the package carries.
    """

    def __init__(self, cache_dir: Path, labels: Sequence[str] = (), head: Head | None = None) -> None:
        self.cache_dir = cache_dir
        self.labels = tuple(labels)
        self._given = head

    @property
    def version(self) -> str:
        """Head and labels; loads no encoder."""
        own = f" words-{_digest([self.labels, TEMPLATES, _ENCODED])}" if self.labels else ""
        version = self._given.version if self._given else head_version()
        return f"head-{version}{own} floor-{FLOOR}"

    @property
    def file(self) -> Path:
        """Where the sentences around a user's labels that the head does not know are kept as vectors."""
        return self.cache_dir / f"lite-labels-{_digest([self._sentences, _ENCODED])}.npz"

    def preparation(self) -> str | None:
        """What is to be done once for a user's own labels.

        Raises:
            NotInstalledError: The sentence encoder is needed and missing.
        """
        if not self.labels or not self._strange or self.file.is_file():
            return None
        if not installed():
            raise NotInstalledError(_WHAT, EXTRA)
        return f"{len(self._strange)} labels are embedded once, a hundred in some seconds"

    def load(self) -> None:
        """Make labels' vectors ready, so that threads need not.

        Raises:
            NotInstalledError: The sentence encoder is needed and missing.
            WeightsError: The head's weights cannot be read, or the encoder's.
        """
        _ = self._known

    def tags(self, vector: Array, top: int) -> list[Tag]:
        """The ``top`` labels that fit one cover best, heaviest first; of the built-in list down to `FLOOR`.

        Args:
            vector: (dim,) of the cover, from `Head.project`.
            top: At most.
        """
        names, vectors, statistics, priors = self._known
        (contrast,) = self._head.contrast(vector[np.newaxis], vectors, statistics)
        weights = self._head.weights(contrast, priors)
        best = np.argsort(-weights, kind="stable")[:top]
        best = best[weights[best] >= (_LEAST if self.labels else FLOOR)]
        rounded = np.round(weights[best].astype(np.float64), _DIGITS).tolist()
        return [Tag(names[index], weight) for index, weight in zip(best.tolist(), rounded, strict=True)]

    @property
    def _head(self) -> Head:
        return self._given or load_head()

    @cached_property
    def _known(self) -> tuple[tuple[str, ...], Array, Statistics, Array]:
        """Labels that no attribute measures, their vectors, how covers lie along these, and priors."""
        head, names = self._head, self._looked_for
        known = dict(zip(head.labels, head.label_vectors, strict=True))
        if self._strange:
            known |= zip(self._strange, self._embedded(), strict=True)
        rows = [known[name if name in known else name.casefold()] for name in names]
        vectors = np.stack(rows) if rows else np.empty((0, head.dim), np.float32)
        return names, vectors, head.statistics(vectors), head.priors(names)

    @cached_property
    def _looked_for(self) -> tuple[str, ...]:
        measured = set(attribute_labels())
        labels = self.labels or self._head.labels
        return tuple(label for label in labels if label.casefold() not in measured)

    @cached_property
    def _strange(self) -> tuple[str, ...]:
        """Labels that the head does not know."""
        known = set(self._head.labels)
        return tuple(label for label in self._looked_for if label.casefold() not in known)

    def _embedded(self) -> Array:
        sentences = self._sentences
        (raw,) = cached_arrays(
            self.file, [len(sentences)], lambda: [SentenceEncoder(_WHAT).layers(sentences)]
        )
        return _joined(raw, len(TEMPLATES))

    @property
    def _sentences(self) -> list[str]:
        return _sentences(self._strange, TEMPLATES)


class GenreVectors:
    """Genres as vectors: those that the head knows, in any spelling, and others by the sentence encoder.

    Args:
        cache_dir: Folder for the embeddings of genres that the head does not know.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = cache_dir
        self._made: dict[tuple[str, ...], tuple[Array, Statistics]] = {}

    def version(self, genres: Sequence[str]) -> str:
        """Head and genres; loads no encoder.

        Raises:
            InputError: A genre is unknown, and the encoder is needed and missing; or one is there in two
                spellings, whose votes would be halved.
        """
        self._check(genres)
        return f"head-{head_version()} genres-{_digest([list(genres), GENRE_TEMPLATES, _ENCODED])}"

    def contrast(self, covers: Array, genres: Sequence[str]) -> Array:
        """(n, n_genres): how far covers of (n, dim) stand out towards each genre; see `Head.contrast`.

        Raises:
            InputError: As `version` does.
        """
        head = load_head()
        vectors, statistics = self._vectors(tuple(genres))
        return head.contrast(covers, vectors, statistics)

    def _vectors(self, genres: tuple[str, ...]) -> tuple[Array, Statistics]:
        if genres not in self._made:
            head = load_head()
            strange = self._check(genres)
            known = {squashed(name): vector for name, vector in head.genres.items()}
            if strange:
                known |= zip(map(squashed, strange), self._embedded(strange), strict=True)
            vectors = np.stack([known[squashed(genre)] for genre in genres])
            self._made[genres] = vectors, head.statistics(vectors)
        return self._made[genres]

    def _check(self, genres: Sequence[str]) -> list[str]:
        """The genres that the head does not know, once it is clear that they can be embedded."""
        spelled: dict[str, str] = {}
        for genre in genres:
            if (first := spelled.setdefault(squashed(genre), genre)) != genre:
                raise InputError(f"{first} and {genre} are one genre in two spellings: leave one out")
        names = load_head().genres
        known = set(map(squashed, names))
        strange = [genre for genre in genres if squashed(genre) not in known]
        if not strange or installed() or self._file(strange).is_file():
            return strange
        near = dict.fromkeys(name for genre in strange for name in nearest(genre, list(names)))
        hint = f"; it knows {', '.join(near)}" if near else ""
        what = f"a vote of lite on {', '.join(strange)}, which it does not know by heart,"
        raise InputError(f"{NotInstalledError(what, EXTRA)}{hint}")

    def _embedded(self, strange: Sequence[str]) -> Array:
        sentences = _sentences(strange, GENRE_TEMPLATES)
        (raw,) = cached_arrays(
            self._file(strange), [len(sentences)], lambda: [SentenceEncoder().layers(sentences)]
        )
        return _joined(raw, len(GENRE_TEMPLATES))

    def _file(self, strange: Sequence[str]) -> Path:
        return self.cache_dir / f"lite-genres-{_digest([_sentences(strange, GENRE_TEMPLATES), _ENCODED])}.npz"


def squashed(genre: str) -> str:
    """A genre's letters and digits alone, if it has any: ``K-Pop``, ``k pop`` and ``kpop`` are one."""
    return "".join(re.findall(r"\w", genre.casefold().replace("&", "n"))) or genre.casefold()


def nearest(genre: str, known: Sequence[str]) -> list[str]:
    """Known genres that are written nearly so, or share a word."""
    close = difflib.get_close_matches(genre.casefold(), known, _NEAR, 0.75)
    words = set(genre.casefold().split())
    shared = [name for name in known if words & set(name.split())]
    return list(dict.fromkeys([*close, *sorted(shared, key=len)]))[:_NEAR]


def _sentences(words: Sequence[str], templates: Sequence[str]) -> list[str]:
    """Each word in all its sentences, then the next."""
    return [template.format(word) for word in words for template in templates]


def _joined(raw: Array, count: int) -> Array:
    """(n, dim) unit vectors among covers from (n * count, 4 * dim) of sentences, ``count`` a word."""
    adapted = load_head().adapt(raw)
    return l2_normalised(adapted.reshape(-1, count, adapted.shape[1]).mean(axis=1))


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]
