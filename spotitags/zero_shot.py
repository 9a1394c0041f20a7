"""Votes without training, by taggers that know genres by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotitags.errors import InputError, ModelError
from spotitags.records import Tag, Vote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers import Tagger

ZERO_SHOT = "zero-shot"


@runtime_checkable
class ZeroShot(Protocol):
    """A tagger that can vote on any genres itself, from their names alone."""

    def votes_version(self, genres: Sequence[str]) -> str:
        """What its votes depend on besides the cover."""
        ...

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """A probability per genre for each cover, summing to 1."""
        ...


@runtime_checkable
class ZeroShotFromEmbeddings(ZeroShot, Protocol):
    """One that needs no covers for it where their embeddings were kept."""

    def embedding_votes(
        self, embeddings: NDArray[np.float32], genres: Sequence[str]
    ) -> list[dict[str, float]]:
        """The same votes, from (n_covers, dim) of its `spotitags.taggers.Embedder.embed`."""
        ...


class GenreReader:
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


def pool(
    readers: Sequence[GenreReader], seen: Mapping[str, Sequence[Sequence[Tag]]]
) -> tuple[dict[str, float], tuple[Vote, ...]]:
    """The plain mean of what each reader says of all covers, and each one's vote; nothing where none saw any.

    Args:
        readers: Of the same genres.
        seen: By the reader's name its votes on each cover; a reader that is not there abstains.
    """
    from spotitags.taggers._votes import pool_votes

    there = [reader for reader in readers if reader.name in seen]
    if not there:
        return {}, ()
    pooled = [pool_votes([dict(cover) for cover in seen[reader.name]]) for reader in there]
    weight = 1 / len(there)
    voters = tuple(
        Vote(reader.tagger.name, ZERO_SHOT, "text tower", votes, weight, trained=False)
        for reader, votes in zip(there, pooled, strict=True)
    )
    return {genre: sum(votes[genre] for votes in pooled) * weight for genre in there[0].genres}, voters


def _as_tags(votes: Sequence[Mapping[str, float]]) -> list[list[Tag]]:
    return [sorted((Tag(*vote) for vote in each.items()), key=lambda tag: -tag.weight) for each in votes]
