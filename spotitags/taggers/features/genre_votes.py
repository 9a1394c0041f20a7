"""Votes without training, by taggers that know genres by name."""

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
    """A zero-shot tagger's votes on genres in the shape of tags, so that they are kept like tags.

    Args:
        tagger: Offers `ZeroShot`, too.
        genres: Two or more.
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
        """The tagger's, for these genres."""
        return self._votes.votes_version(self.genres)

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Each cover's genres with their probabilities, best first."""
        return _as_tags(self._votes.genre_votes(covers, self.genres))

    def recall(self, embeddings: NDArray[np.float32]) -> list[list[Tag]]:
        """The same of covers that are not here, from (n_covers, dim) embeddings that were kept of them.

        Raises:
            ModelError: The tagger votes on covers only.
        """
        if not isinstance(self._votes, ZeroShotFromEmbeddings):
            raise ModelError(f"the tagger {self.tagger.name} votes on covers only: give covers by --manifest")
        return _as_tags(self._votes.embedding_votes(embeddings, self.genres))


def _as_tags(votes: Sequence[Mapping[str, float]]) -> list[list[Tag]]:
    return [sorted((Tag(*vote) for vote in each.items()), key=lambda tag: -tag.weight) for each in votes]
