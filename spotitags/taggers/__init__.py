"""Taggers: covers in, weighted tags out.

One file a tagger; outsiders join through the same entry-point group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from spotitags.errors import InputError, TaggerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydantic import SecretStr

    from spotitags.records import Cover, Skipped, Tag

GROUP = "spotitags.taggers"


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


class CoverReader(Protocol):
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


class Tagger(CoverReader, Protocol):
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
class Paid(Protocol):
    """A tagger each of whose calls costs money or quota."""

    @property
    def cost(self) -> str:
        """One line for a person: what a call or a cover costs, as of when."""
        ...

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Fewest calls that covers of these sizes, in bytes, need."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A tagger with something to do once before its first cover; nobody should wait for that untold."""

    def preparation(self) -> str | None:
        """What will be done, and how long it takes; None where it was done before."""
        ...


def tagger_names() -> list[str]:
    """Names of all installed taggers, outsiders' included, sorted; none is loaded."""
    return sorted(_entries())


def tagger_class(name: str) -> type[Tagger]:
    """The class of one installed tagger.

    Raises:
        InputError: No tagger of that name is installed.
        TaggerError: Its module cannot be loaded.
    """
    entry = _entries().get(name)
    if entry is None:
        raise InputError(f"no tagger is called {name!r}; there are: {', '.join(tagger_names())}")
    try:
        return cast("type[Tagger]", entry.load())
    except (Exception, SystemExit) as error:  # an outsider's module may do anything
        raise TaggerError(
            f"the tagger {name} cannot be loaded ({type(error).__name__}: {error}): mend or uninstall the "
            f"package {tagger_package(name)}"
        ) from error


def tagger_package(name: str) -> str:
    """Name of the distribution that brings a tagger, as far as it is known."""
    entry = _entries().get(name)
    return entry.dist.name if entry and entry.dist else "unknown"


def _entries() -> dict[str, EntryPoint]:
    """By name; nobody takes the place of a tagger of ours."""
    found = entry_points(group=GROUP)
    ours = {entry.name: entry for entry in found if entry.dist and entry.dist.name == "spotitags"}
    return {entry.name: entry for entry in reversed(list(found))} | ours
