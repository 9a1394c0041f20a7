"""Transport of SpotiTags for libraries that send their HTTP by requests, such as spotipy."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from requests import PreparedRequest, Session
from requests import Response as RequestsResponse
from requests.adapters import BaseAdapter

from spotitags.errors import FetchError
from spotitags.errors.secrets import mask
from spotitags.io.addresses import check_address, parse_url
from spotitags.io.answers import MAX_JSON, parse_json
from spotitags.io.transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pydantic import TypeAdapter

    from spotitags.io.deadline import Deadline
    from spotitags.io.transport import Response, Transport

ERROR_BYTES: Final = 64 * 1024
"""Bytes of an error's body that are read: enough for its message."""
LONGEST_PAUSE: Final = 5.0  # seconds


def limited_session(  # noqa: PLR0913 — independent limits
    transport: Transport,
    allowed: Collection[str],
    deadline: Callable[[], Deadline],
    *,
    attempts: int = 4,
    backoff: float = 0.5,
    schema: TypeAdapter[Any] | None = None,
    params: dict[str, str] | None = None,
) -> Session:
    """Build a session of requests that keeps to the limits of SpotiTags, and follows no redirect.

    Keys are sent with every request, so they must go to no other server.

    Args:
        transport: Connections; the session does not close them.
        allowed: Hosts and origins that it may send requests to (see `spotitags.io.addresses`).
        deadline: Returns the time limit of a request, with retries.
        attempts: Maximum number of tries, after failed connections and responses 5xx.
        backoff: Pause before the third try in seconds, doubled for each further one.
        schema: Schema of the JSON of every response that is a success.
        params: Parameters to add to every request.
    """
    session = Session()
    session.trust_env = False  # the proxy is the transport's matter, and .netrc would replace the keys
    session.max_redirects = 0
    session.params = params or {}
    adapter = _Adapter(transport, allowed, deadline, attempts, backoff, schema)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


class _Response(RequestsResponse):
    """A response whose JSON is strict, see `spotitags.io.answers.parse_json`."""

    schema: TypeAdapter[Any] | None = None

    def json(self, **_: Any) -> Any:  # noqa: ANN401
        """Return the JSON of the body.

        Raises:
            ValueError: It is no JSON, or does not fit the schema.
        """
        parsed = parse_json(self.content)
        if self.schema is None or not self.ok:
            return parsed
        return self.schema.dump_python(self.schema.validate_python(parsed))


class _Adapter(BaseAdapter):
    """Sends the requests of a session by `Transport`."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        transport: Transport,
        allowed: Collection[str],
        deadline: Callable[[], Deadline],
        attempts: int,
        backoff: float,
        schema: TypeAdapter[Any] | None,
    ) -> None:
        super().__init__()
        self._allowed = allowed
        self._deadline = deadline
        self._attempts = attempts
        self._backoff = backoff
        self._schema = schema
        self._transport = transport

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> RequestsResponse:  # noqa: ANN401
        """Send a request; the limits are those of the session, not those of the call.

        Raises:
            FetchError: There was no response within the limits, or the address is not allowed.
        """
        url = parse_url(str(request.url))
        deadline = self._deadline()
        sent = Request(
            url,
            deadline,
            MAX_JSON,
            error_bytes=ERROR_BYTES,
            private=check_address(url, self._allowed),
            method=str(request.method),
            headers=_headers(request),
            content=_content(request.body),
        )
        for number in range(1, self._attempts + 1):
            last = number == self._attempts
            try:
                response = self._transport.exchange(sent)
                if response.status < HTTPStatus.INTERNAL_SERVER_ERROR or last:
                    return self._converted(request, response)
            except FetchError as error:
                if error.reason != "connection" or last:
                    raise
            if number > 1:
                time.sleep(min(self._backoff * 2 ** (number - 2), LONGEST_PAUSE, deadline.remaining()))
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Do nothing: the connections are not the session's."""

    def _converted(self, request: PreparedRequest, response: Response) -> RequestsResponse:
        converted = _Response()
        converted.schema = self._schema
        converted.request = request
        converted.url = str(request.url)
        converted.status_code = response.status
        converted.reason = mask(response.reason)
        converted.headers.update({name: mask(value) for name, value in response.headers.items()})
        converted.encoding = "utf-8"  # a guess from the bytes takes seconds
        body = response.body
        if not converted.ok:  # what libraries put into the messages of their errors
            body = mask(body.decode("utf-8", "replace")).encode()
        converted._content = body  # noqa: SLF001 — as requests' own adapters set it
        return converted


def _headers(request: PreparedRequest) -> dict[str, str]:
    """Return the headers that the library set, without those that are the transport's."""
    own = {"accept-encoding", "connection", "content-length", "host"}
    text = {_text(name): _text(value) for name, value in request.headers.items()}
    return {name: value for name, value in text.items() if name.lower() not in own}


def _content(body: object) -> bytes:
    """Return the body of a request; neither library streams one."""
    if body is None or isinstance(body, bytes):
        return body or b""
    return str(body).encode()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
