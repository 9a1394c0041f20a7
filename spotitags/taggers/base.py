"""Protocols that taggers and feature extractors implement, and the options that taggers are built from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydantic import SecretStr

    from spotitags.records import Cover, Skipped, Tag


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """What a tagger may be told; each takes what concerns it.

    Attributes:
        cache_dir: Folder for what a tagger derives once (an exported graph, text embeddings).
        clip_model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…``; None for the default.
        device: ``cpu``, ``cuda`` or ``mps``; None takes the best there is.
        offline: True forbids any download, and sends no cover anywhere.
        labels: A user's own words, for an `OpenVocabulary`; empty for the built-in ones.
        clarifai_key: Personal access token of Clarifai.
        clarifai_address: Another gRPC server than Clarifai's, for a proxy or a test.
        google_credentials: File with Google's application default credentials; None looks for the machine's.
        google_vision_address: Another gRPC server than Google Vision's.
        notify: Called with one line for what a person should know now, such as a long wait; None for nobody.
    """

    cache_dir: Path
    clip_model: str | None = None
    device: str | None = None
    offline: bool = False
    labels: tuple[str, ...] = ()
    clarifai_key: SecretStr | None = None
    clarifai_address: str | None = None
    google_credentials: Path | None = None
    google_vision_address: str | None = None
    notify: Callable[[str], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a tagger can run here, why or why not, and what would change that (or nothing)."""

    ready: bool
    reason: str
    remedy: str = ""


class FeatureExtractor(Protocol):
    """Whoever looks at covers and says what is there."""

    @property
    def name(self) -> str:
        """Name, unique among those that look at the same covers."""
        ...

    @property
    def version(self) -> str:
        """Model, weights, label list and templates in one line; part of the cache key. Loads no model."""
        ...

    @property
    def image_size(self) -> int:
        """Shorter side, in pixels, that covers should be decoded to at least."""
        ...

    @property
    def batch_size(self) -> int:
        """Covers that a call of `tag` takes best."""
        ...

    def tag(self, covers: Sequence[Cover]) -> Sequence[list[Tag] | Skipped]:
        """Tags of each cover: weight in [0, 1], best first, no label twice; empty where nothing is seen.

        A `Skipped` in place of tags is a cover that could not be read, and why: nothing is kept of it, and
        another run asks again.

        Raises:
            TaggerError: It cannot work at all. What it was paid for before stands in `TaggerError.answered`.
        """
        ...


class Tagger(FeatureExtractor, Protocol):
    """What every tagger offers. Constructors store arguments; weights load on the first call of `tag`.

    Its ``name`` is its module's name, hyphens for underscores, and the tagger's on the command line.
    """

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Tagger:
        """Build the tagger from the command line's or the caller's options. Loads nothing."""
        ...

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Whether it can run here, found without importing anything heavy."""
        ...


@runtime_checkable
class OpenVocabulary(Protocol):
    """A tagger that heeds `TaggerOptions.labels`: it can look for any words."""

    @property
    def labels(self) -> Sequence[object] | None:
        """What it was told to look for; None or empty for its built-in words."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """A tagger that can also give the numbers behind its tags."""

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """(n_covers, dim); asked right after `Tagger.tag` on the same covers, it should not look twice."""
        ...


@runtime_checkable
class HasCost(Protocol):
    """A tagger each of whose calls costs money or quota."""

    @property
    def cost(self) -> str:
        """One line for a person: what a call or a cover costs, as of when."""
        ...

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Fewest calls that covers of these sizes, in bytes, need."""
        ...


Paid = HasCost
"""Former name of `HasCost`."""


@runtime_checkable
class NeedsPreparation(Protocol):
    """A tagger with something to do once before its first cover; nobody should wait for that untold."""

    def preparation(self) -> str | None:
        """What will be done, and how long it takes; None where it was done before."""
        ...


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
