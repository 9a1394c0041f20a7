"""MusicBrainz's web service: one question at a time, its answers kept, its failures in our own words."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from spotitags.errors import ArtistNotFoundError, CatalogError, FetchError, RateLimitError, SettingsError
from spotitags.io.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotitags.io.rate_limit import RateLimiter
    from spotitags.io.response_cache import ResponseCache


T = TypeVar("T")

OFFICIAL: Final = "https://musicbrainz.org"
SLOWEST: Final = 1.0
"""Seconds between two requests that MusicBrainz asks of everybody; more often is answered with 503."""

_CONTACT = re.compile(r"[!-~]*[@/][!-~]+")
_TRIES_AT_SENSE: Final = 2
_OTHER = "or take another catalogue (--catalog, --manifest, or --offline)"


class MusicBrainzClient:
    """GETs JSON from MusicBrainz. Connects on the first question that no kept answer covers.

    Args:
        contact: E-mail or web address of whoever runs this; sent as part of the User-Agent.
        answers: Keeps what was answered.
        pace: Keeps requests apart.
        url: Another server than `OFFICIAL`, such as a mirror.
        seconds: Time for one answer, pauses that the server asks for included.
    """

    def __init__(
        self,
        contact: str | None,
        *,
        answers: ResponseCache,
        pace: RateLimiter,
        url: str | None = None,
        seconds: float = 90.0,
    ) -> None:
        self.contact = contact
        self.answers = answers
        self.pace = pace
        self.url = (url or OFFICIAL).rstrip("/")
        self.seconds = seconds
        self._http: HttpClient | None = None

    def __repr__(self) -> str:
        return f"MusicBrainzClient({self.url!r})"

    def ask(self, path: str, read: Callable[[dict[str, Any]], T], missing: str, **query: str | int) -> T:
        """What ``read`` makes of the answer; kept, so it must be JSON.

        Args:
            path: Below ``/ws/2/``.
            read: Takes the JSON object; its KeyError, TypeError, ValueError or AttributeError means nonsense.
            missing: Message where MusicBrainz has no such thing.
            query: The question's parameters.

        Raises:
            SettingsError: The contact is missing, or the service refuses this client.
            ArtistNotFoundError: With ``missing``.
            RateLimitError: The service asks for a long pause.
            CatalogError: It could not be reached or answered nonsense.
        """
        question = f"{path}?{urlencode(query | {'fmt': 'json'}, safe=':/|')}"
        return self.answers.get_or_call(question, lambda: self._sensible(question, read, missing))

    def _sensible(self, question: str, read: Callable[[dict[str, Any]], T], missing: str) -> T:
        """An answer cut short or garbled on its way may be whole when asked for again."""
        for _ in range(_TRIES_AT_SENSE):
            body = self._get(question, missing)
            try:
                return read(json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                nonsense = error
        raise CatalogError(
            f"MusicBrainz's answer makes no sense ({type(nonsense).__name__}), also when asked again: "
            f"try later, {_OTHER}"
        ) from nonsense

    def _get(self, question: str, missing: str) -> bytes:
        try:
            return self._connect().get(f"{self.url}/ws/2/{question}")
        except RateLimitError as error:
            raise RateLimitError(
                f"MusicBrainz says {error}; what is finished is kept", retry_at=error.retry_at
            ) from error
        except FetchError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise ArtistNotFoundError(missing) from error
            if error.status == HTTPStatus.FORBIDDEN:
                raise SettingsError(
                    "MusicBrainz refuses this client (HTTP 403): check that SPOTITAGS_CONTACT is your own "
                    "e-mail or web address"
                ) from error
            raise CatalogError(
                f"MusicBrainz gave no usable answer ({error}), also when asked again: run again later, "
                f"what is finished is kept; {_OTHER}"
            ) from error

    def _connect(self) -> HttpClient:
        if self._http is None:
            agent = user_agent(self.contact)
            self._http = HttpClient(
                seconds=self.seconds,
                attempts=5,
                longest_wait=30.0,
                connections=1,
                headers={"User-Agent": agent, "Accept": "application/json"},
                turn=self.pace.acquire,
            )
        return self._http


def pause_for(url: str | None, seconds: float) -> float:
    """The pause between requests in seconds: less than `SLOWEST` for an own mirror alone."""
    host = urlsplit(url or OFFICIAL).hostname or ""
    official = host == "musicbrainz.org" or host.endswith(".musicbrainz.org")
    return max(seconds, SLOWEST) if official else seconds


def user_agent(contact: str | None) -> str:
    """What MusicBrainz wants to read: who asks, and how to reach them.

    Raises:
        SettingsError: There is no contact, or it is neither an e-mail nor a web address.
    """
    from importlib.metadata import version

    if not contact:
        raise SettingsError(
            "MusicBrainz asks every program whom to write to should it misbehave: set SPOTITAGS_CONTACT to "
            "your e-mail or web address (it goes to musicbrainz.org with each request and nowhere else), "
            "or take another catalogue (--manifest, --offline, or --catalog spotify with keys)"
        )
    if not _CONTACT.fullmatch(contact):
        raise SettingsError(
            "SPOTITAGS_CONTACT is neither an e-mail nor a web address: set it to one, such as me@example.org"
        )
    return f"SpotiTags/{version('spotitags')} ( {contact} )"
