"""Client for the web service of MusicBrainz: one request at a time, with cached responses."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from spotitags.errors import ArtistNotFoundError, CatalogError, FetchError, RateLimitError, SettingsError
from spotitags.io.addresses import setting_origin
from spotitags.io.answers import MAX_JSON, flaw, parse_json
from spotitags.io.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

    from spotitags.io.rate_limit import RateLimiter
    from spotitags.io.response_cache import ResponseCache


T = TypeVar("T")

OFFICIAL_URL: Final = "https://musicbrainz.org"
HOSTS: Final = ("musicbrainz.org", "*.musicbrainz.org")
"""Hosts that may answer, also after a redirect: the contact is sent to no other."""
MIN_PAUSE: Final = 1.0
"""Seconds between two requests that MusicBrainz requires; more requests are refused with status 503."""

_CONTACT = re.compile(r"[!-~]*[@/][!-~]+")
_MAX_TRIES: Final = 2
_OTHER = "or take another catalogue (--catalog, --manifest, or --offline)"


@dataclass(eq=False)
class MusicBrainzClient:
    """Client for GET requests to MusicBrainz; connects on the first request that is not cached.

    Args:
        contact: E-mail or web address of the user; sent as part of the User-Agent.
        responses: Cache of the responses.
        rate_limiter: Keeps requests apart.
        url: URL to use instead of `OFFICIAL_URL`, such as that of a mirror.
        seconds: Time for one response, with retries and the pauses that the server asks for.
    """

    contact: str | None = field(repr=False)
    _: KW_ONLY
    responses: ResponseCache = field(repr=False)
    rate_limiter: RateLimiter = field(repr=False)
    url: str | None = None
    seconds: float = field(default=90.0, repr=False)
    _http: HttpClient | None = field(default=None, init=False, repr=False)

    def get(
        self,
        path: str,
        parse: Callable[[dict[str, Any]], Any],
        schema: TypeAdapter[T],
        missing: str,
        **query: str | int,
    ) -> T:
        """Return what ``parse`` selects of the response to a request, from the cache if it is there.

        Args:
            path: Path below ``/ws/2/``.
            parse: Takes the JSON of the response and returns JSON. A KeyError, TypeError, ValueError or
                AttributeError means that the response is malformed.
            schema: Schema of what ``parse`` returns.
            missing: Message of the error if MusicBrainz has no such entry.
            query: Parameters of the request.

        Raises:
            SettingsError: The contact is missing, or the service refuses this client.
            ArtistNotFoundError: MusicBrainz has no such entry.
            RateLimitError: The service asks for a long pause.
            CatalogError: The service could not be reached, or its response is malformed.
        """
        request = f"{path}?{urlencode(query | {'fmt': 'json'}, safe=':/|')}"
        return self.responses.get_or_call(
            request, lambda: self._get_parsed(request, parse, schema, missing), schema
        )

    def _get_parsed(
        self, request: str, parse: Callable[[dict[str, Any]], Any], schema: TypeAdapter[T], missing: str
    ) -> T:
        """Send a request and parse the response; retry if it is malformed, as it may have been cut off."""
        for _ in range(_MAX_TRIES):
            body = self._get_bytes(request, missing)
            try:
                return schema.validate_python(parse(parse_json(body)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                cause = error
        raise CatalogError(
            f"MusicBrainz's response is malformed ({flaw(cause)}), also on a retry: try later, {_OTHER}"
        ) from cause

    def _get_bytes(self, request: str, missing: str) -> bytes:
        try:
            url = (self.url or OFFICIAL_URL).rstrip("/")
            allowed = (*HOSTS, *setting_origin(self.url, "SPOTITAGS_MUSICBRAINZ_URL"))
            return self._connect().get(f"{url}/ws/2/{request}", allowed)
        except RateLimitError as error:
            raise RateLimitError(
                f"MusicBrainz says {error}; finished work is cached", retry_at=error.retry_at
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
                f"MusicBrainz gave no usable response ({error}), also on retries: run again later, "
                f"finished work is cached; {_OTHER}"
            ) from error

    def _connect(self) -> HttpClient:
        if self._http is None:
            agent = user_agent(self.contact)
            self._http = HttpClient(
                seconds=self.seconds,
                max_bytes=MAX_JSON,
                attempts=5,
                max_wait=30.0,
                connections=1,
                headers={"User-Agent": agent, "Accept": "application/json"},
                acquire=self.rate_limiter.acquire,
            )
        return self._http


def pause_for(url: str | None, seconds: float) -> float:
    """Return the pause between requests in seconds: at least `MIN_PAUSE`, except for a mirror."""
    host = urlsplit(url or OFFICIAL_URL).hostname or ""
    official = host == "musicbrainz.org" or host.endswith(".musicbrainz.org")
    return max(seconds, MIN_PAUSE) if official else seconds


def user_agent(contact: str | None) -> str:
    """Build the User-Agent that MusicBrainz requires: the program and the contact of its user.

    Raises:
        SettingsError: The contact is missing, or it is neither an e-mail nor a web address.
    """
    from importlib.metadata import version

    if not contact:
        raise SettingsError(
            "MusicBrainz requires the contact of everyone who sends requests: set SPOTITAGS_CONTACT to your "
            "e-mail or web address (it is sent to musicbrainz.org with each request and nowhere else), "
            "or take another catalogue (--manifest, --offline, or --catalog spotify with keys)"
        )
    if not _CONTACT.fullmatch(contact):
        raise SettingsError(
            "SPOTITAGS_CONTACT is neither an e-mail nor a web address: set it to one, such as me@example.org"
        )
    return f"SpotiTags/{version('spotitags')} ( {contact} )"
