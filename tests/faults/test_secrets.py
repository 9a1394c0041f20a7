"""Servers that repeat keys in their answers: no form of a key is printed, logged, raised or stored."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from helpers.servers import ARTIST, MusicBrainzReplay, SpotifyReplay
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request, Response

from spotitags.commands._masked import MaskedStream
from spotitags.errors import CatalogError, SpotiTagsError
from spotitags.errors import secrets as secrets_module
from spotitags.errors.secrets import MASK, hide, mask
from spotitags.io.cache import Cache
from spotitags.io.response_cache import ResponseCache
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

SECRET = "s3cret+/with:odd\\\"chars%and'é7"
KEY = "0123456789abcdef0123456789abcdef"
ID = "fixture-client-id"


def escaped(text: str) -> str:
    """Escape every character as JSON may."""
    return "".join(f"\\u{ord(char):04X}" for char in text)


def forms(secret: str) -> dict[str, str]:
    """Return the forms in which a server may repeat a key."""
    pair = f"{ID}:{secret}".encode()
    return {
        "plain": secret,
        "base64": base64.b64encode(secret.encode()).decode(),
        "base64url": base64.urlsafe_b64encode(secret.encode()).decode(),
        "no padding": base64.b64encode(secret.encode()).decode().rstrip("="),
        "Authorization": "Basic " + base64.b64encode(pair).decode(),
        "Authorization in a URL": "https://a.org/?a=" + quote("Basic " + base64.b64encode(pair).decode()),
        "longer pair": base64.b64encode(b"x" + pair + b":more").decode(),
        "URL": f"https://me:{quote(secret, safe='')}@a.org/?key={quote_plus(secret)}",
        "twice encoded": quote(quote(secret, safe=""), safe=""),
        "lower case": quote(secret, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        "JSON": json.dumps({"key": secret}),
        "JSON in JSON": json.dumps(json.dumps({"key": secret})),
        "all escaped": escaped(secret),
        "slash": json.dumps(secret).replace("/", "\\/"),
        "repr": repr(secret),
    }


def shows(text: str, secret: str) -> bool:
    """Return whether a text shows a key, or half of one, in any form."""
    half = secret[: len(secret) // 2]
    parts = {base64.b64encode(before + half.encode())[4:16].decode() for before in (b"abc", b"a", b"ab")}
    pair = base64.b64encode(f"{ID}:{secret}".encode()).decode()
    return any(part in text for part in (half, quote(half, safe=""), escaped(half), pair[-20:-4], *parts))


@pytest.mark.parametrize("secret", [SECRET, KEY])
@pytest.mark.parametrize("form", forms(KEY))
def test_every_form_of_a_key_is_masked(secret: str, form: str) -> None:
    """The rest says nothing of the key: it is the same for another one of these characters."""
    other = secret[::-1]
    hide(secret, other)
    masked = mask(f"before {forms(secret)[form]} after")
    assert masked == mask(f"before {forms(other)[form]} after")
    assert forms(secret)[form] != forms(other)[form]
    assert MASK in masked
    assert not shows(masked, secret)
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@given(st.binary(max_size=12), st.text("abcXYZ019+/=-_ é", min_size=8, max_size=40), st.binary(max_size=12))
def test_a_key_is_masked_at_any_place_of_base64(before: bytes, secret: str, after: bytes) -> None:
    secrets_module._secrets.clear()
    hide(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret.encode() + after).decode()
        assert mask(f"({text})") == f"({MASK})"


def test_other_text_stays() -> None:
    text = "Spotify gave no usable response (timeout: no complete response within 30 s)"
    assert mask(text) == text
    hide(KEY, "", None, "short")
    assert mask(text) == text
    assert mask("a short word") == "a short word"


def test_a_long_text_takes_no_long_time() -> None:
    hide(KEY)
    assert mask("A" * 1_000_000) == "A" * 1_000_000


@pytest.mark.parametrize("secret", [SECRET.replace("é", "e"), KEY])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 418, 500])
def test_a_server_that_repeats_the_authorization_shows_nothing(
    spotify: SpotifyReplay, secret: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As the message and the reason of an error, with each form of the key, and as a broken answer."""
    for logger in ("httpcore2", "httpx2", "spotipy", "urllib3", "stamina"):
        caplog.set_level(logging.DEBUG, logger)
    for form in forms(secret).values():
        caplog.clear()
        spotify.web.clear()

        def echo(request: Request, form: str = form) -> Response:
            said = f"{form} {request.headers['Authorization']}"
            body = {"error": {"status": status, "message": said, "reason": said}, "error_description": said}
            return Response(json.dumps(body), status, {"X-Echo": quote(said)}, mimetype="application/json")

        spotify.web.expect_request("/api/token").respond_with_handler(echo)
        with pytest.raises(SpotiTagsError) as caught:
            spotify.catalog(client_secret=secret).albums(ARTIST, 5)
        said = [str(caught.value), repr(caught.value)]
        error: BaseException | None = caught.value
        while error := error and (error.__cause__ or error.__context__):
            said.append(f"{error} {error!r}")
        said += [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
        assert not shows("\n".join(said), secret)


@pytest.mark.parametrize("form", forms(KEY))
def test_a_key_in_an_answer_is_neither_used_nor_stored(
    spotify: SpotifyReplay, tmp_path: Path, form: str
) -> None:
    release = {"id": "c", "name": forms(KEY)[form], "artists": [{"id": ARTIST, "name": forms(KEY)[form]}]}
    page = {"items": [release], "next": None}
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_json(page)
    cache = Cache(tmp_path)
    (album,) = spotify.catalog(ResponseCache(cache, "spotify"), client_secret=KEY).albums(ARTIST, 1)
    assert MASK in album.name
    assert not shows(f"{album}", KEY)
    cache.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not shows(stored.decode("latin-1"), KEY)


def test_a_renewed_token_works_though_it_is_the_same(spotify: SpotifyReplay) -> None:
    spotify.albums("token_expired", once=True)
    spotify.stock()
    assert len(spotify.catalog().albums(ARTIST, 5)) == 5


def test_a_password_in_an_address_is_a_key(musicbrainz: MusicBrainzReplay, tmp_path: Path) -> None:
    own = musicbrainz.web.url_for("/").replace("http://", "http://me:pass%2Fword-1@")
    Settings(cache_dir=tmp_path, musicbrainz_url=own)
    assert mask(f"{own} pass/word-1") == f"{own.replace('pass%2Fword-1', MASK)} {MASK}"


def test_whatever_is_written_is_masked(tmp_path: Path) -> None:
    hide(KEY)
    with (tmp_path / "out").open("w+", encoding="utf-8") as file:
        stream: Any = MaskedStream(file)
        print(f"the key is {KEY}", file=stream)
        stream.flush()
        assert not stream.isatty()
        file.seek(0)
        assert file.read() == f"the key is {MASK}\n"


@pytest.mark.parametrize("options", [["--json"], []])
def test_the_command_line_prints_no_key(
    spotify: SpotifyReplay, tmp_path: Path, options: list[str], httpserver: HTTPServer
) -> None:
    """In a real process, with a server that repeats what it gets, and a key given as an artist."""
    spotify.web.clear()

    def echo(request: Request) -> Response:
        return Response(json.dumps({"error_description": request.headers["Authorization"]}), 400)

    spotify.web.expect_request("/api/token").respond_with_handler(echo)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "SPOTIPY_CLIENT_ID": ID,
        "SPOTIPY_CLIENT_SECRET": KEY,
        "SPOTITAGS_CACHE_DIR": str(tmp_path),
        "SPOTITAGS_CONFIG_DIR": str(tmp_path),
        "SPOTITAGS_SPOTIFY_API_URL": httpserver.url_for("/v1/"),
        "SPOTITAGS_SPOTIFY_TOKEN_URL": httpserver.url_for("/api/token"),
    }
    command = [sys.executable, "-m", "spotitags", "tag", ARTIST, KEY, "--catalog", "spotify", *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "Spotify refused the keys" in run.stdout + run.stderr
    assert MASK in run.stdout + run.stderr
    assert not shows(run.stdout + run.stderr, KEY)
    assert KEY not in run.stdout + run.stderr


def test_an_error_of_a_caller_with_a_key_is_masked() -> None:
    hide(KEY)
    error = CatalogError(f"no answer of https://me:{KEY}@a.org")
    assert str(error) == f"no answer of https://me:{MASK}@a.org"
    assert KEY not in repr(error)
