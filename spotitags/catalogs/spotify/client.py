"""spotipy, connected so that it neither waits for hours nor prints, and its failures in our own words."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from spotitags.errors import ArtistNotFoundError, CatalogError, InputError, RateLimitError, SettingsError
from spotitags.io.http import retry_after

if TYPE_CHECKING:
    from requests import Response, Session


_MARKET = re.compile(r"[A-Z]{2}")
_FIELD = re.compile(r'"(error_description|message)"\s*:\s*"([^"]*)"')
_TRIES_AT_SENSE = 3
_HIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_OTHER = "or take another catalogue (--catalog, or --offline, which needs no keys)"
_KEYS = f"check SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET, {_OTHER}"


class SpotipyClient:
    """Calls Spotify with client credentials. Connects on the first `call`.

    Args:
        client_id: Of a Spotify app.
        client_secret: Of the same app.
        market: ISO 3166-1 alpha-2 country, sent with every call.
        api_url: Another server instead of https://api.spotify.com/v1/, always together with ``token_url``.
        token_url: Where that server hands out tokens.
        seconds: Time for one answer.
        backoff: Pause before the third try in seconds; it doubles with each further one.
    """

    def __init__(  # noqa: PLR0913 — two keys and five independent settings
        self,
        client_id: str,
        client_secret: str,
        *,
        market: str,
        api_url: str | None,
        token_url: str | None,
        seconds: float,
        backoff: float,
    ) -> None:
        self.market = market
        self._client_id = client_id
        self._client_secret = client_secret
        self._urls = (api_url, token_url)
        self._seconds = seconds
        self._backoff = backoff
        self._connected: Any = None

    def call(self, method: str, subject: str, **arguments: object) -> dict[str, Any]:
        """Call spotipy's ``method`` on an id or a query, and give the JSON object that was answered.

        A token that expired is renewed, and an answer that broke off or was garbled is asked for again.

        Raises:
            SettingsError: The keys are missing or refused.
            InputError: The market is none.
            ArtistNotFoundError: Spotify does not know the artist.
            RateLimitError: Too many calls.
            CatalogError: Spotify could not be reached, answered nonsense, or hides this playlist.
        """
        for tries_left in reversed(range(_TRIES_AT_SENSE)):
            try:
                return self._call(method, subject, arguments)
            except (CatalogError, SettingsError) as error:
                if not tries_left or not _may_pass(error):
                    raise
                self._connected = None  # and with it the token
        raise AssertionError("the last try returns or raises")

    def _call(self, method: str, subject: str, arguments: dict[str, object]) -> dict[str, Any]:
        from requests import RequestException
        from spotipy.exceptions import SpotifyBaseException

        client = self._connect()
        try:
            client.auth_manager.get_access_token(as_dict=False)  # spotipy muddles its failure into a warning
            answer = getattr(client, method)(subject, **arguments)
        except (
            SpotifyBaseException,
            RequestException,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            # The last four: spotipy reads what a server says without looking.
            self._explain(error, method, subject)
        if not isinstance(answer, dict):
            raise CatalogError("Spotify's answer is no JSON object: try again later")
        return answer

    def _connect(self) -> Any:  # noqa: ANN401 — spotipy is untyped
        if self._connected is None:
            self._check_settings()
            from spotipy import MemoryCacheHandler, Spotify, SpotifyClientCredentials

            _silence_spotipy()
            session = self._session()
            session.params = {"market": self.market}  # spotipy itself can send the old ``country`` only
            auth = SpotifyClientCredentials(
                self._client_id,
                self._client_secret,
                requests_session=self._session(),
                requests_timeout=self._seconds,
                cache_handler=MemoryCacheHandler(),
            )
            client = Spotify(auth_manager=auth, requests_session=session, requests_timeout=self._seconds)
            api_url, token_url = self._urls
            if api_url and token_url:
                client.prefix = api_url.rstrip("/") + "/"
                auth.OAUTH_TOKEN_URL = token_url
            self._connected = client
        return self._connected

    def _check_settings(self) -> None:
        if not self._client_id or not self._client_secret:
            raise SettingsError(
                f"Spotify needs keys: set SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET, {_OTHER}"
            )
        if not (self._client_id + self._client_secret).isascii():
            raise SettingsError(f"Spotify's keys are plain ASCII and these are not: {_KEYS}")
        if not _MARKET.fullmatch(self.market):
            raise InputError(f"{self.market!r} is no market: give two capital letters such as US or DE")
        if bool(self._urls[0]) != bool(self._urls[1]):
            raise SettingsError("api_url and token_url belong together: give both or neither")

    def _session(self) -> Session:
        """A session that retries what may pass and hands everything else over at once, 429 above all.

        spotipy's own would sleep through ``Retry-After``, for hours, and then lose the header.
        """
        from requests import Session
        from requests.adapters import HTTPAdapter
        from urllib3 import Retry

        retry = Retry(
            total=4,
            connect=3,
            read=2,
            status=3,
            allowed_methods=None,  # asking for a token is a POST and safe to repeat
            status_forcelist=(500, 502, 503, 504),
            respect_retry_after_header=False,
            raise_on_status=False,
            backoff_factor=self._backoff,
            backoff_max=5,
        )
        session = Session()
        session.max_redirects = 0  # Spotify never redirects, and keys go nowhere else
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        return session

    def _explain(self, error: Exception, method: str, subject: str) -> NoReturn:
        """Raise what a failed call means to its caller."""
        response = _response(error)
        if response is None:
            what = type(error).__name__
            raise CatalogError(
                f"Spotify gave no usable answer ({what}): check the network, {_OTHER}"
            ) from error
        status = response.status_code
        seen = f"HTTP {status}: {self._words(response)}"
        for_token = response.request.method == "POST"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _rate_limit(response) from error
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CatalogError(
                f"Spotify is out of order ({seen}), also when asked again: try later, {_OTHER}"
            ) from error
        if not for_token and method == "playlist_items" and status in _HIDDEN:
            raise CatalogError(
                f"Spotify does not show the playlist {subject} ({seen}): since 2026 an app sees those alone "
                "of a user who signs in, and SpotiTags signs nobody in; write the artists' ids into a file "
                "and give --artists FILE"
            ) from error
        if for_token or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SettingsError(
                f"Spotify refused the keys ({seen}); Development Mode needs an owner with Premium: {_KEYS}"
            ) from error
        if status == HTTPStatus.BAD_REQUEST and "market" in seen.lower():
            raise InputError(f"Spotify has no market {self.market!r} ({seen}): give another one") from error
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            raise ArtistNotFoundError(
                f"Spotify knows no artist {subject} ({seen}): check the id, {_OTHER}"
            ) from error
        raise CatalogError(f"Spotify's answer makes no sense ({seen}): try again later, {_OTHER}") from error

    def _words(self, response: Response) -> str:
        """What the server says, in one short printable line, without our secret should it be echoed."""
        fields = dict(_FIELD.findall(response.text))
        words = fields.get("message") or fields.get("error_description") or response.reason or "no reason"
        words = "".join(char if char.isprintable() else " " for char in words)
        return words.replace(self._client_secret, "***")[:200]


def _may_pass(error: CatalogError | SettingsError) -> bool:
    """Whether asking again may help: the token expired, or the answer was garbled or broke off."""
    from requests.exceptions import ChunkedEncodingError

    if isinstance(error, RateLimitError | ArtistNotFoundError):
        return False
    response = _response(error.__cause__)
    if response is not None:
        return response.status_code == HTTPStatus.UNAUTHORIZED and response.request.method != "POST"
    return isinstance(error, CatalogError) and isinstance(error.__cause__, ChunkedEncodingError | None)


def _silence_spotipy() -> None:
    """Drop what spotipy logs: headers, which hold the keys, and failures, which we raise anyway."""
    for name in ("spotipy.client", "spotipy.oauth2"):
        logging.getLogger(name).addFilter(_drop)


def _drop(_record: logging.LogRecord) -> bool:
    return False


def _response(error: BaseException | None) -> Response | None:
    """The server's answer behind an error: spotipy drops it but raises its own while handling requests'."""
    while error is not None:
        response: Response | None = getattr(error, "response", None)
        if response is not None:
            return response
        error = error.__cause__ or error.__context__
    return None


def _rate_limit(response: Response) -> RateLimitError:
    quota = "QUOTA_EXCEEDED" in response.text
    what = "daily quota" if quota else "rate limit"
    wait = retry_after(response.headers)
    if wait is None:
        return RateLimitError(
            f"Spotify's {what} is used up: run again later; what is finished is kept", quota=quota
        )
    retry_at = datetime.now(UTC) + timedelta(seconds=wait)
    return RateLimitError(
        f"Spotify's {what} is used up: run again after {retry_at.astimezone():%Y-%m-%d %H:%M:%S %Z}; "
        "what is finished is kept",
        retry_at=retry_at,
        quota=quota,
    )
