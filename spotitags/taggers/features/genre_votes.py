"""Votes on genres by zero-shot taggers, as tags: genres are the labels, probabilities the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.errors import InputError, ModelError
from spotitags.records import Tag
from spotitags.taggers.base import ZeroShot, ZeroShotFromEmbeddings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers.base import Tagger


class GenreVoteExtractor:
    """Extract a zero-shot tagger's votes on each cover.

    Args:
        tagger: Tagger that is also `ZeroShot`.
        genres: Two or more genres.

    Raises:
        InputError: The tagger cannot vote on genres.
    """

    def __init__(self, tagger: Tagger, genres: Sequence[str]) -> None:
        if not isinstance(tagger, ZeroShot):
            raise InputError(f"the tagger {tagger.name!r} cannot vote on genres itself")
        self._votes: ZeroShot = tagger
        self.tagger = tagger
        self.genres = tuple(genres)
        self.name = f"{tagger.name} genres"
        self.image_size = tagger.image_size
        self.batch_size = tagger.batch_size

    @property
    def version(self) -> str:
        """Version of the tagger's votes on these genres."""
        return self._votes.votes_version(self.genres)

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Return for each cover the genres with their probabilities, largest first."""
        return _as_tags(self._votes.genre_votes(covers, self.genres))

    def tag_embeddings(self, embeddings: NDArray[np.float32]) -> list[list[Tag]]:
        """Return the result of `tag` from cached (n_covers, dim) embeddings.

        Raises:
            ModelError: The tagger votes on covers only.
        """
        if not isinstance(self._votes, ZeroShotFromEmbeddings):
            raise ModelError(f"the tagger {self.tagger.name} votes on covers only: give covers by --manifest")
        return _as_tags(self._votes.embedding_votes(embeddings, self.genres))


def _as_tags(votes: Sequence[Mapping[str, float]]) -> list[list[Tag]]:
    return [sorted((Tag(*vote) for vote in each.items()), key=lambda tag: -tag.weight) for each in votes]
