"""Coverage-guided fuzzing of what reads bytes from outside: covers, tables, settings, models and responses.

    python tests/faults/fuzz.py TARGET [CORPUS] [-max_total_time=600] [FILE]

The options are libFuzzer's; a FILE runs one input, such as a ``crash-…`` that an earlier run left. A target
may raise errors of the project only.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
with atheris.instrument_imports(include=["spotitags", "classifiers"]):
    from classifiers.ensemble import Ensemble
    from classifiers.errors import ModelFileError, UnknownVoterError
    from spotitags.catalogs.labels import read_labels
    from spotitags.catalogs.manifest import FolderCatalog
    from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
    from spotitags.catalogs.musicbrainz.client import MusicBrainzClient
    from spotitags.covers.decode import decode_many
    from spotitags.errors import SpotiTagsError
    from spotitags.io.cache import Cache
    from spotitags.io.genre_names import common_spellings, find_genre, related_genres
    from spotitags.io.http import HttpClient
    from spotitags.io.rate_limit import RateLimiter
    from spotitags.io.response_cache import ResponseCache
    from spotitags.io.tables import harmless
    from spotitags.io.text import plain, single_line
    from spotitags.records import Album, Artist, CoverFile
    from spotitags.settings.config_file import ConfigFile
    from spotitags.taggers.labels.custom import custom_labels

if TYPE_CHECKING:
    from collections.abc import Callable

from helpers.cover_files import animation, cover  # noqa: E402 — after the imports that are instrumented

FIXTURES = ROOT / "fixtures" / "musicbrainz"
MODEL = ROOT / "classifiers" / "models" / "lite"
ARTIST = "4SpotiTagsFixtureBand0"


@cache
def folder() -> Path:
    """Return a temporary folder, which `main` deletes."""
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


def _file(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path


def decoder(data: bytes) -> None:
    """Decode a cover."""
    decode_many([CoverFile(Album("a", "a", Artist("a")), "0" * 64, data)], 32, 1, max_pixels=1_000_000)


def manifest(data: bytes) -> None:
    """Read a table of covers."""
    with suppress(SpotiTagsError):
        catalog = FolderCatalog(_file("covers.csv", data))
        for artist in catalog.artists()[:3]:
            catalog.albums(artist.id, 5)


def labels(data: bytes) -> None:
    """Read a table of labelled artists."""
    with suppress(SpotiTagsError):
        read_labels(_file("labels.csv", data))


def config(data: bytes) -> None:
    """Read the configuration file, and change a line of it."""
    file = ConfigFile(_file("config.toml", data).parent)
    with suppress(SpotiTagsError):
        assert file.values is not None
    with suppress(SpotiTagsError):
        file.edited("contact", "me@example.org")


def words(data: bytes) -> None:
    """Read a file of words."""
    with suppress(SpotiTagsError):
        custom_labels(_file("words.txt", data))


def names(data: bytes) -> None:
    """Compare and print names of genres."""
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"\x00" else "replace")
    known = ["metal", "hip hop", *text.split(",")[:5]]
    assert common_spellings(known).keys() == set(known)
    assert find_genre(text, [text]) == text
    related_genres(text, known)
    assert "\x1b" not in plain(text)
    assert len(single_line(text)) <= 120
    assert not str(harmless(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


def card(data: bytes) -> None:
    """Load a model whose card is changed."""
    path = _file("model.json", json.dumps(_changed(_card(), data)).encode() if data[:1] == b"\x00" else data)
    if not path.with_suffix(".onnx").exists():
        shutil.copy(MODEL.with_suffix(".onnx"), path.with_suffix(".onnx"))
    with suppress(ModelFileError, UnknownVoterError):
        Ensemble.load(path)


def responses(data: bytes) -> None:
    """List the albums of an artist with responses of MusicBrainz that are changed or replaced."""

    def get(_client: HttpClient, url: str, *_options: object) -> bytes:
        name = "release_groups" if "release-group" in url else "url"
        if data[:1] != b"\x00":
            return data
        body = json.loads((FIXTURES / f"{name}.json").read_bytes())["body"]
        changed = name == ("url" if data[1:2] < b"@" else "release_groups")
        return json.dumps(_changed(body, data[1:]) if changed else body).encode()

    with patch.object(HttpClient, "get", get), suppress(SpotiTagsError):
        _catalog().albums(ARTIST, 5)


def _catalog() -> MusicBrainzCatalog:
    """Return a catalogue that uses no response of an earlier input."""
    client = MusicBrainzClient(
        "me@example.org",
        responses=ResponseCache(_cache(), "musicbrainz", refresh=True),
        rate_limiter=RateLimiter(folder() / "pace", 0),
    )
    return MusicBrainzCatalog(client)


@cache
def _cache() -> Cache:
    return Cache(folder() / "cache")


@cache
def _card_text() -> str:
    return MODEL.with_suffix(".json").read_text(encoding="utf-8")


def _card() -> Any:
    return json.loads(_card_text())


def _changed(body: Any, data: bytes) -> Any:
    """Replace a value of a JSON object, at a place and by a value that the bytes choose."""
    given = atheris.FuzzedDataProvider(data[1:])
    values = (
        None,
        True,
        0,
        -1,
        2**70,
        1e308,
        "",
        "\x1b]0;x",
        [],
        {},
        [None],
        {"a": 1},
    )
    place = body
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = keys[given.ConsumeIntInRange(0, len(keys) - 1)]
        if isinstance(place[key], dict | list) and place[key] and given.ConsumeIntInRange(0, 4):
            place = place[key]
            continue
        place[key] = values[given.ConsumeIntInRange(0, len(values) - 1)]
        return body


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "decoder": (
        decoder,
        (
            cover(),
            cover("PNG", "P"),
            cover("PNG", "RGBA"),
            cover("WEBP"),
            cover("GIF", "L"),
            animation("GIF"),
        ),
    ),
    "manifest": (
        manifest,
        (b"artist_id,album_id,file\na,b,c.jpg\n", b"sep=;\nartist;file\n\xff;x\n", b"\xff\xfea\0"),
    ),
    "labels": (labels, (b"artist_id,genre\na,metal\nb,jazz\n", b"file\tgenre\nx.jpg\tmetal\n")),
    "config": (
        config,
        (b'contact = "a@b" # me\n', b'tagger = ["lite",\n "clip"]\nalbums = 3\n', b"[a]\nb=1"),
    ),
    "words": (words, (b"goat\nchurch # burning\n", "caf\u00e9".encode("utf-16"))),
    "names": (names, (b"Hip-Hop,rap & r'n'b music", b"\x00=1\xed\xa0\x80", b"\x1b[2J")),
    "card": (
        card,
        (b'{"format": 1}', bytes(8), b"\x00" + bytes(range(40)), b"\x00" + bytes(range(200, 240))),
    ),
    "responses": (
        responses,
        (b"{}", b"[]", bytes(8), b"\x00" + bytes(range(40)), b"\x00" + bytes(range(200, 240))),
    ),
}
"""Each target with first inputs."""


def main() -> None:
    """Fuzz the target that the first argument names."""
    name, *options = sys.argv[1:]
    target, seeds = TARGETS[name]
    corpus = folder() / "seeds"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    single = any(Path(option).is_file() for option in options)
    atheris.Setup([sys.argv[0], *options, *([] if single else [str(corpus)])], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
