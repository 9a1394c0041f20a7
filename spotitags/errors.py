"""One small tree of errors; each class says who can act on it.

The library raises, the command line explains: every message names the cause and the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from spotitags.records import Artist, Tag


class SpotiTagsError(Exception):
    """Root of everything that SpotiTags raises on purpose."""


class InputError(SpotiTagsError):
    """What was passed in is wrong; the caller can mend it (an id, a file, an option)."""


class SettingsError(SpotiTagsError):
    """A key or a setting is missing or refused; whoever keeps the environment can mend it."""


class NotInstalledError(SpotiTagsError):
    """An optional dependency is missing; whoever installs can mend it.

    Args:
        what: The feature that needs it, as the user called it.
        extra: The extra of this package that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.what = what
        self.extra = extra
        super().__init__(
            f"{what} needs the extra '{extra}': "
            f"uv sync --inexact --extra {extra} (or pip install '.[{extra}]')"  # exact, it removes the others
        )


class CatalogError(SpotiTagsError):
    """A catalogue could not answer; trying later or another catalogue may help."""


class ArtistNotFoundError(CatalogError):
    """The catalogue does not know this artist; the caller can check the id or take another catalogue."""


class UnlabelledError(CatalogError):
    """The catalogue knows the artist but gives it none of the genres asked for, or two as much."""


class RateLimitError(CatalogError):
    """The service asks to wait; waiting helps.

    Args:
        message: Cause and next step.
        retry_at: When the service takes calls again (timezone-aware), where it said so.
        quota: True where a daily quota is used up rather than a short window.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None, quota: bool = False) -> None:
        self.retry_at = retry_at
        self.quota = quota
        super().__init__(message)


class FetchError(SpotiTagsError):
    """An address did not give what it should, for good; a caller turns it into its own room's error.

    Args:
        reason: Short fixed name of the cause; see `spotitags.covers.fetch.REASONS`.
        detail: What was seen, for a person.
        status: The HTTP status, where there was an answer.
    """

    def __init__(self, reason: str, detail: str = "", *, status: int | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.status = status
        super().__init__(f"{reason}: {detail}" if detail else reason)


class CoverError(SpotiTagsError):
    """One cover cannot be used; it is skipped and the rest go on.

    Args:
        reason: Short fixed name of the cause, such as ``"truncated"``; see `spotitags.covers.fetch.REASONS`.
        detail: What was seen, for a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class _NamedArtistError(SpotiTagsError):
    """About an artist whose name the catalogue may have told.

    Args:
        message: Cause and next step.
        artist: As the catalogue named it, where it did.
    """

    def __init__(self, message: str, artist: Artist | None = None) -> None:
        self.artist = artist
        super().__init__(message)


class NoCoversError(_NamedArtistError):
    """Not one cover of an artist could be used; the reasons are in the message."""


class TaggerError(SpotiTagsError):
    """A tagger could not do its work; another tagger may.

    Args:
        message: Cause and next step.
        answered: By cover digest, tags that were had before the failure; they were paid for, so keep them.
    """

    def __init__(self, message: str, *, answered: Mapping[str, list[Tag]] | None = None) -> None:
        self.answered: Mapping[str, list[Tag]] = answered or {}
        super().__init__(message)


class TaggerInterrupt(KeyboardInterrupt):
    """Ctrl-C while a tagger was at work, with what it was paid for before.

    Args:
        answered: As in `TaggerError`.
    """

    def __init__(self, answered: Mapping[str, list[Tag]]) -> None:
        self.answered = answered
        super().__init__()


class TaggerKeyError(TaggerError, SettingsError):
    """A key that a tagger needs is missing or refused; whoever keeps the environment can mend it."""


class CallLimitError(_NamedArtistError):
    """An artist's covers need more paid calls than the caller allows; running again goes on from here."""


class WeightsError(TaggerError):
    """Model weights cannot be had here; another tagger can take over, or the weights be fetched once."""


class ModelError(SpotiTagsError):
    """A trained model is missing, broken or made for other taggers; whoever chose it can take another."""


def tagger_reason(name: str, reason: str) -> str:
    """Why a tagger could not do something, with its name."""
    return reason if name in reason else f"{name}: {reason}"
