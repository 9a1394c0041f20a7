"""Local server of the page: files of the data, pictures by number, and lists of liked covers."""

from __future__ import annotations

import html
import json
import re
import socket
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from spotitags.errors import InputError, NotInstalledError
from spotitags.explore.lists import LIST_NAMES, write_lists
from spotitags.explore.payload import DETAILS, POINTS, TEXTS
from spotitags.explore.pictures import large_picture, place_picture
from spotitags.explore.security import HEADERS, Access
from spotitags.explore.store import META

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spotitags.explore.store import Store

_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "bin": "application/octet-stream",
    "webp": "image/webp",
}
_ASSETS: Final = ("app.js", "app.css", "icon.svg", "LICENSES.txt")
_DATA: Final = frozenset((META, TEXTS, POINTS, DETAILS))
_SHEET: Final = re.compile(r"atlas-\d{1,6}\.webp")
_BODY: Final = 2_000_000  # bytes of a request that writes
_USED = (
    "This address was opened before, or belongs to an earlier run. Stop the command with Ctrl-C and start it "
    "again: it prints a new address."
)
_CLOSED = "Open the address that the command printed: it lets this browser in."


def asset(name: str) -> bytes:
    """Return a file of the page."""
    return (files("spotitags.explore") / "web" / name).read_bytes()


def require_server() -> None:
    """Check that the packages of the server are installed.

    Raises:
        NotInstalledError: The extra ``explore`` is missing.
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise NotInstalledError("explore without --out", "explore")


def open_socket() -> socket.socket:
    """Open a socket on a free port of this machine alone."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.bind(("127.0.0.1", 0))
    opened.listen()  # a browser that is opened at once waits until the server starts
    return opened


def build_app(store: Store, access: Access) -> Starlette:
    """Build the application.

    Args:
        store: Data of the page.
        access: Secrets of this run.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Route

    page = _Page(store, access)
    routes = [
        Route("/start", page.start),
        Route("/", page.known(page.index)),
        Route("/covers/{number:int}/{kind}", page.known(page.cover)),
        Route("/lists", page.lists, methods=["POST"]),
        Route("/{name}", page.known(page.file)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Guard, access=access)])


class _Page:
    """Answers to requests of the page."""

    def __init__(self, store: Store, access: Access) -> None:
        self.store = store
        self.access = access
        self.covers = store.covers()

    def known(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Refuse requests without the cookie."""

        def guarded(request: Request) -> Response:
            return handler(request) if self.access.knows(request) else _refusal(_CLOSED, 403)

        return guarded

    def start(self, request: Request) -> Response:
        """Exchange the token for the cookie."""
        from starlette.responses import RedirectResponse

        response = RedirectResponse("/", 303)
        if self.access.knows(request):
            return response
        session = self.access.exchange(request.query_params.get("token", ""))
        if session is None:
            return _refusal(_USED, 403)
        response.set_cookie(self.access.cookie_name, session, httponly=True, samesite="strict", path="/")
        return response

    def index(self, _request: Request) -> Response:
        """Return the page."""
        text = asset("index.html").decode().replace("$token", html.escape(self.access.post_token))
        return _answer(text.encode(), "text/html; charset=utf-8")

    def file(self, request: Request) -> Response:
        """Return a file of the page or of the data; no other one, whatever its name."""
        name = request.path_params["name"]
        ending = name.rpartition(".")[2]
        if name in _ASSETS:
            return _answer(asset(name), _TYPES.get(ending, "text/plain; charset=utf-8"))
        if (name in _DATA or _SHEET.fullmatch(name)) and (self.store.folder / name).is_file():
            return _answer(self.store.read(name), _TYPES[ending])
        return _refusal("there is no such file", 404)

    def cover(self, request: Request) -> Response:
        """Return a picture of one cover, by its number."""
        number, kind = request.path_params["number"], request.path_params["kind"]
        if not 0 <= number < len(self.covers) or kind not in {"small", "large", "places"}:
            return _refusal(f"there are covers 0 to {len(self.covers) - 1}: small, large, places", 404)
        if kind == "places":
            picture = place_picture(self.covers[number], request.query_params.get("of", ""))
        else:
            picture = large_picture(self.covers[number]) if kind == "large" else b""
            picture = picture or self.store.thumb(number)
        return _answer(picture, "image/webp") if picture else _refusal("there is no such picture", 404)

    async def lists(self, request: Request) -> Response:
        """Write the lists of liked and other covers."""
        from starlette.concurrency import run_in_threadpool

        if not self.access.may_write(request):
            return _refusal("only the page may write", 403)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refusal("send JSON", 415)
        body = await _body(request)
        if body is None:
            return _refusal(f"send at most {_BODY} bytes", 413)
        try:
            command = await run_in_threadpool(write_lists, self.store, self.covers, _numbers(body))
        except (ValueError, TypeError, KeyError, IndexError, InputError) as error:
            return _refusal(f"the lists cannot be saved: {error}", 400)
        return _answer(json.dumps({"command": command}).encode(), _TYPES["json"])


def _numbers(body: bytes) -> dict[str, list[int]]:
    """Return the numbers of covers in each list of a request."""
    chosen = json.loads(body)
    lists = {name: [int(number) for number in chosen[name]] for name in LIST_NAMES}
    if min((number for each in lists.values() for number in each), default=0) < 0:
        raise ValueError("a number is below 0")
    return lists


class _Guard:
    """Refuses requests to other hosts, and adds the headers to all answers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.hosts = access.hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from starlette.responses import PlainTextResponse

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        app: Callable[[Scope, Receive, Send], Awaitable[None]] = self.app
        if len(given) != 1 or given[0] not in self.hosts:
            app = PlainTextResponse("this server answers to 127.0.0.1 only", 400)
        await app(scope, receive, with_headers)


def serve(app: Starlette, opened: socket.socket) -> None:
    """Serve until the process is interrupted."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[opened])


async def _body(request: Request) -> bytes | None:
    """Return the body of a request; None if it is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY:
            return None
    return body


def _answer(content: bytes, kind: str) -> Response:
    from starlette.responses import Response

    return Response(content, media_type=kind)


def _refusal(text: str, status: int) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(text, status)
