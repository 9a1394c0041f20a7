"""Interfaces of taggers and feature extractors, and the options that taggers are built from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydantic import SecretStr

    from spotitags.records import Cover, Skipped, Tag


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """Options of all taggers; each tagger takes those that concern it.

    Attributes:
        cache_dir: Folder for what a tagger computes once (an exported graph, text embeddings).
        clip_model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…``; None for the default.
        device: ``cpu``, ``cuda`` or ``mps``; None for the fastest available.
        offline: True forbids downloads and requests.
        labels: Custom labels for an `OpenVocabulary`; empty for the built-in labels.
        clarifai_key: Personal access token of Clarifai.
        clarifai_address: Address of another gRPC server than Clarifai's, for a proxy or a test.
        google_credentials: File with Google's application default credentials; None for the machine's.
        google_vision_address: Address of another gRPC server than Google Vision's.
        notify: Called with one line that a person should read now, such as a long wait; None for no messages.
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
    """State of a tagger on this machine: ready or not, the reason, and a remedy (may be empty)."""

    ready: bool
    reason: str
    remedy: str = ""


class Extractor(Protocol):
    """Common interface of taggers and feature extractors, which both process covers in batches."""

    @property
    def name(self) -> str:
        """Name, unique among the extractors of a run; part of the cache key."""
        ...

    @property
    def version(self) -> str:
        """Model, weights, label list and templates in one line; part of the cache key. Loads no model."""
        ...

    @property
    def image_size(self) -> int:
        """Minimum length of a cover's shorter side after decoding, in pixels."""
        ...

    @property
    def batch_size(self) -> int:
        """Number of covers to pass at once."""
        ...


class TagExtractor(Extractor, Protocol):
    """Extractor of tags."""

    def tag(self, covers: Sequence[Cover]) -> Sequence[list[Tag] | Skipped]:
        """Tag covers.

        Args:
            covers: At most `batch_size` covers.

        Returns:
            For each cover its tags, heaviest first, with weights in [0, 1] and no label twice; an empty list
            if there is nothing to tag. `Skipped` for a cover that cannot be read, with the reason: it is not
            cached, and is requested again in the next run.

        Raises:
            TaggerError: The tagger cannot work at all. Results that were already paid for are in
                `TaggerError.answered`.
        """
        ...


class Tagger(TagExtractor, Protocol):
    """Interface of taggers. Constructors store arguments; weights load on the first call of `tag`.

    The name of a tagger is its name on the command line.
    """

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Tagger:
        """Build the tagger from options. Loads nothing."""
        ...

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Find out if the tagger can run on this machine, without heavy imports."""
        ...


@runtime_checkable
class OpenVocabulary(Protocol):
    """A tagger that can use the custom labels of `TaggerOptions.labels`."""

    @property
    def labels(self) -> Sequence[object] | None:
        """Custom labels; None or empty for the built-in labels."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """A tagger that can also embed covers."""

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Embed covers as (n_covers, dim). Right after `Tagger.tag`, it should run no network."""
        ...


@runtime_checkable
class HasCost(Protocol):
    """A tagger whose calls cost money or quota."""

    @property
    def cost(self) -> str:
        """Price of a call or of a cover and its date, in one line for people."""
        ...

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Return the minimum number of calls for covers of these sizes, in bytes."""
        ...


@runtime_checkable
class StoresEarly(Protocol):
    """A paid tagger of several calls that hands over the tags of each call as soon as they arrive.

    Of other paid taggers, all of `TagExtractor.tag` counts as one call.
    """

    def tag_and_store(
        self, covers: Sequence[Cover], store: Callable[[Mapping[str, list[Tag]]], None]
    ) -> Sequence[list[Tag] | Skipped]:
        """Tag covers as `TagExtractor.tag` does.

        Args:
            covers: At most `batch_size` covers.
            store: To be called with the tags of each call, by digest, before anything can interrupt the
                tagger: in the thread of the call.
        """
        ...


Paid = HasCost
"""Former name of `HasCost`."""


@runtime_checkable
class NeedsPreparation(Protocol):
    """A tagger with a one-time set-up step, which is announced to the user."""

    def preparation(self) -> str | None:
        """Describe the step and its duration; None if it was done before."""
        ...


@runtime_checkable
class ZeroShot(Protocol):
    """A tagger that votes on any genres by their names, without training."""

    def votes_version(self, genres: Sequence[str]) -> str:
        """Version of `genre_votes` for these genres; part of the cache key."""
        ...

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """Return for each cover a probability per genre, summing to 1."""
        ...


@runtime_checkable
class ZeroShotFromEmbeddings(ZeroShot, Protocol):
    """A zero-shot tagger that can vote on cached embeddings of covers."""

    def embedding_votes(
        self, embeddings: NDArray[np.float32], genres: Sequence[str]
    ) -> list[dict[str, float]]:
        """Return the votes of `genre_votes` from the (n_covers, dim) embeddings of `Embedder.embed`."""
        ...


class FeatureExtractor(ABC):
    """Extractor of numeric features, stored as a row of bytes per cover.

    Attributes:
        name: Name in the cache key.
        version: Version of the features and of their packing; part of the cache key.
        feature: Name of the features in `spotitags.records.TaggedCovers`.
        image_size: As in `Extractor`.
        batch_size: As in `Extractor`.
        encoding: Encoding of a packed row as text in the cache, ``base64`` or ``hex``.
    """

    name: str
    feature: str
    image_size: int
    batch_size: int
    encoding: str = "base64"

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the features."""

    @abstractmethod
    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Extract features of covers, packed as (n_covers, width)."""

    @staticmethod
    @abstractmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n_covers, dim) features from the (n_covers, width) bytes of `extract`."""
