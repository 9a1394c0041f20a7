"""Client for Spotify: spotipy without its long waits and log output, with errors of SpotiTags."""

from __future__ import annotations

import logging
import re
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn

from spotitags.errors import (
    ArtistNotFoundError,
    CatalogError,
    FetchError,
    InputError,
    RateLimitError,
    SettingsError,
)
from spotitags.errors.secrets import hide
from spotitags.io.addresses import setting_origin
from spotitags.io.deadline import Deadline, retry_after, retry_time
from spotitags.io.text import single_line

if TYPE_CHECKING:
    from requests import Response


HOSTS: Final = ("api.spotify.com", "accounts.spotify.com")
"""Hosts that get the keys."""

_MARKET = re.compile(r"[A-Z]{2}")
_FIELD = re.compile(r'"(error_description|message)"\s*:\s*"([^"]*)"')
_MAX_TRIES = 3
_HIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_OTHER = "or take another catalogue (--catalog, or --offline, which needs no keys)"
_KEYS = f"check SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET, {_OTHER}"


@dataclass(eq=False, repr=False)
class SpotipyClient:
    """Client for Spotify with client credentials; connects on the first `call`.

    Args:
        client_id: Client id of a Spotify app (developer.spotify.com).
        client_secret: Secret of the same app; it appears in no message, log or repr.
        market: ISO 3166-1 alpha-2 country, sent with every call; without it Spotify's order is unstable and
            duplicates appear.
        api_url: URL to use instead of https://api.spotify.com/v1/, only together with ``token_url``: by
            https, or a server of this machine. Covers may come from there, too.
        token_url: URL of that server for tokens.
        seconds: Time for one `call`: token, response, retries and pauses.
        backoff: Pause before the second retry in seconds, doubled for each further one; the first retry has
            no pause.
    """

    client_id: str
    client_secret: str
    _: KW_ONLY
    market: str = "US"
    api_url: str | None = None
    token_url: str | None = None
    seconds: float = 30.0
    backoff: float = 0.5
    _spotipy: Any = field(default=None, init=False)
    _deadline: Deadline = field(init=False)
    _transport: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        hide(self.client_secret)

    @property
    def own_origins(self) -> tuple[str, ...]:
        """Origins of the servers that are used instead of Spotify's.

        Raises:
            SettingsError: One is not an address that keys may be sent to.
        """
        api = setting_origin(self.api_url, "SPOTITAGS_SPOTIFY_API_URL", keys=True)
        token = setting_origin(self.token_url, "SPOTITAGS_SPOTIFY_TOKEN_URL", keys=True)
        return tuple(dict.fromkeys(api + token))

    def call(self, method: str, subject: str, **arguments: object) -> dict[str, Any]:
        """Call spotipy's ``method`` with an id or a query, and return the JSON object of the response.

        An expired token is renewed, and an incomplete or malformed response is requested again.

        Raises:
            SettingsError: The keys are missing or refused.
            InputError: The market does not exist.
            ArtistNotFoundError: Spotify does not have the artist.
            RateLimitError: Too many calls.
            CatalogError: Spotify could not be reached, its response is malformed, or it hides this playlist.
        """
        self._deadline = Deadline(self.seconds)
        for tries_left in reversed(range(_MAX_TRIES)):
            try:
                return self._call_once(method, subject, arguments)
            except (CatalogError, SettingsError) as error:
                if not tries_left or not _is_transient(error):
                    raise
                self._spotipy = None  # drops the token, too
        raise AssertionError("the last try returns or raises")

    def _call_once(self, method: str, subject: str, arguments: dict[str, object]) -> dict[str, Any]:
        from requests import RequestException
        from spotipy.exceptions import SpotifyBaseException

        client = self._connect()
        try:
            # A failure inside a call would only be a warning.
            client.auth_manager.get_access_token(as_dict=False)
            response = getattr(client, method)(subject, **arguments)
        except FetchError as error:
            raise CatalogError(
                f"Spotify gave no usable response ({error}): check the network, {_OTHER}"
            ) from error
        except (
            SpotifyBaseException,
            RequestException,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            # The last four come from spotipy itself, which does not check what a server sends.
            self._raise_error(error, method, subject)
        if not isinstance(response, dict):
            raise CatalogError("Spotify's response is not a JSON object: try again later")
        return response

    def _connect(self) -> Any:  # noqa: ANN401 — spotipy is untyped
        if self._spotipy is None:
            self._check_settings()
            from spotipy import MemoryCacheHandler, Spotify, SpotifyClientCredentials

            from spotitags.catalogs.spotify.responses import TOKEN
            from spotitags.io.requests_adapter import limited_session
            from spotitags.io.transport import Transport

            _silence_spotipy()
            allowed = (*HOSTS, *self.own_origins)
            self._transport = self._transport or Transport()
            auth = SpotifyClientCredentials(
                self.client_id,
                self.client_secret,
                requests_session=limited_session(
                    self._transport, allowed, lambda: self._deadline, backoff=self.backoff, schema=TOKEN
                ),
                cache_handler=MemoryCacheHandler(),
            )
            session = limited_session(
                self._transport,
                allowed,
                lambda: self._deadline,
                backoff=self.backoff,
                params={"market": self.market},  # spotipy itself can only send the old ``country``
            )
            client = Spotify(auth_manager=auth, requests_session=session)
            if self.api_url and self.token_url:
                client.prefix = self.api_url.rstrip("/") + "/"
                auth.OAUTH_TOKEN_URL = self.token_url
            self._spotipy = client
        return self._spotipy

    def _check_settings(self) -> None:
        if not self.client_id or not self.client_secret:
            raise SettingsError(
                f"Spotify needs keys: set SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET, {_OTHER}"
            )
        if not (self.client_id + self.client_secret).isascii():
            raise SettingsError(f"Spotify's keys are ASCII and these are not: {_KEYS}")
        if not _MARKET.fullmatch(self.market):
            raise InputError(f"{self.market!r} is not a market: give two capital letters such as US or DE")
        if bool(self.api_url) != bool(self.token_url):
            raise SettingsError("api_url and token_url belong together: give both or neither")

    def _raise_error(self, error: Exception, method: str, subject: str) -> NoReturn:
        """Raise the error of SpotiTags for a failed call."""
        response = _response(error)
        if response is None:
            raise CatalogError(
                f"Spotify gave no usable response ({type(error).__name__}): check the network, {_OTHER}"
            ) from error
        status = response.status_code
        detail = f"HTTP {status}: {self._message(response)}"
        for_token = response.request.method == "POST"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _rate_limit(response) from error
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CatalogError(
                f"Spotify has failed ({detail}), also on retries: try later, {_OTHER}"
            ) from error
        if not for_token and method == "playlist_items" and status in _HIDDEN:
            raise CatalogError(
                f"Spotify does not show the playlist {subject} ({detail}): since 2026 an app sees only "
                "the playlists of a user who signs in, which SpotiTags does not support; write the ids of "
                "the artists into a file and give --artists FILE"
            ) from error
        if for_token or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SettingsError(
                f"Spotify refused the keys ({detail}); Development Mode needs an owner with Premium: {_KEYS}"
            ) from error
        if status == HTTPStatus.BAD_REQUEST and "market" in detail.lower():
            raise InputError(f"Spotify has no market {self.market!r} ({detail}): give another one") from error
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            raise ArtistNotFoundError(
                f"Spotify has no artist {subject} ({detail}): check the id, {_OTHER}"
            ) from error
        raise CatalogError(
            f"Spotify's response is malformed ({detail}): try again later, {_OTHER}"
        ) from error

    def _message(self, response: Response) -> str:
        """Return the server's message as one short line, without the secret if the server echoes it."""
        fields = dict(_FIELD.findall(response.text))
        message = fields.get("message") or fields.get("error_description") or response.reason or "no reason"
        return single_line(message, 200)


def _is_transient(error: CatalogError | SettingsError) -> bool:
    """Return whether a retry may help: the token expired, or the response was malformed or incomplete."""
    if isinstance(error, RateLimitError | ArtistNotFoundError):
        return False
    response = _response(error.__cause__)
    if response is not None:
        return response.status_code == HTTPStatus.UNAUTHORIZED and response.request.method != "POST"
    return isinstance(error, CatalogError) and error.__cause__ is None


def _silence_spotipy() -> None:
    """Drop what spotipy logs: headers with the keys, and failures, which are raised anyway."""
    for name in ("spotipy.client", "spotipy.oauth2"):
        logging.getLogger(name).addFilter(_drop)


def _drop(_record: logging.LogRecord) -> bool:
    return False


def _response(error: BaseException | None) -> Response | None:
    """Find the server's response behind an error.

    spotipy drops it, but raises its errors while it handles those of requests, which have it.
    """
    while error is not None:
        response: Response | None = getattr(error, "response", None)
        if response is not None:
            return response
        error = error.__cause__ or error.__context__
    return None


def _rate_limit(response: Response) -> RateLimitError:
    quota = "QUOTA_EXCEEDED" in response.text
    limit = "daily quota" if quota else "rate limit"
    wait = retry_after(response.headers)
    if wait is None:
        return RateLimitError(
            f"Spotify's {limit} is used up: run again later; finished work is cached", quota=quota
        )
    retry_at = retry_time(wait)
    return RateLimitError(
        f"Spotify's {limit} is used up: run again after {retry_at.astimezone():%Y-%m-%d %H:%M:%S %Z}; "
        "finished work is cached",
        retry_at=retry_at,
        quota=quota,
    )
