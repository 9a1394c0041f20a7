from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import stamina
from helpers.servers import MusicBrainzReplay, SpotifyReplay
from pytest_httpserver import HTTPServer

from spotitags.errors import secrets
from spotitags.io.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


MOST_PROCESSES = 4  # each imports PyTorch and starts servers of its own

# The processes share the cores: threads of OpenMP that wait for work must not keep a core busy.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A busy machine is no failure; what must be fast is measured in benchmarks.
hypothesis.settings.register_profile("spotitags", deadline=None)
hypothesis.settings.load_profile("spotitags")


KEYS = (
    "SPOTIPY_CLIENT_ID",
    "SPOTIPY_CLIENT_SECRET",
    "SPOTITAGS_CONTACT",
    "CLARIFAI_PAT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    *(f"SPOTITAGS_{name}" for name in ("ALBUMS", "CATALOG", "MODEL", "TAGGER", "WORDS")),
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use several processes for the whole suite, none where files or tests are named."""
    return min(os.cpu_count() or 1, MOST_PROCESSES) if config.args_source.name == "TESTPATHS" else 0


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt the tests, and the processes that they start, wherever they run.

    A shell has what it runs in the background ignore it, and children inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key or contact of whoever runs the tests."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    for name in ("SPOTITAGS_CONFIG_DIR", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / "config"))
    monkeypatch.setattr(secrets, "_secrets", set())
    monkeypatch.setattr(secrets, "_pattern", None)
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # else Google's client looks for its machine's own credentials


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Retries happen as often as they would, without the pauses."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(scope="session")
def make_httpserver() -> Iterator[HTTPServer]:
    """The server behind the plugin's ``httpserver``, answering several requests at once."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def spotify(httpserver: HTTPServer) -> SpotifyReplay:
    """Spotify as the fixtures show it."""
    return SpotifyReplay(httpserver)


@pytest.fixture
def musicbrainz(httpserver: HTTPServer, tmp_path: Path) -> MusicBrainzReplay:
    """MusicBrainz as the fixtures show it."""
    return MusicBrainzReplay(httpserver, tmp_path / "musicbrainz")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache")
    yield cache
    cache.close()
