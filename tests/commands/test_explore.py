"""`spotitags explore` as a user runs it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from helpers.command_line import spotitags
from helpers.manifests import cover, manifest

from spotitags.explore import layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache and a table of drawn covers that the tests of this file share."""
    folder = tmp_path_factory.mktemp("home")
    table = manifest(folder, {"one": "fire", "two": "sea"}, covers=3, size=400)
    head, *rows = table.read_text("utf-8").splitlines()
    lines = [f"{head},plays", *(f"{row},{100 * number}" for number, row in enumerate(rows))]
    table.write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def pca_map() -> Iterator[None]:
    """Maps without t-SNE, which takes seconds."""
    with patch.object(layout, "map_method", lambda _count: "PCA"):
        yield


def explore(home: Path, *arguments: object) -> Any:
    return spotitags("explore", *arguments, "--tagger", "lite", home=home)


def data(page: Path) -> Any:
    """Return the data of a page that opens offline."""
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL
    )
    assert found
    return json.loads(found[1])


def test_data_are_built_once_and_extended(home: Path) -> None:
    first = explore(home, home / "covers.csv", "--out", home / "page.html")
    assert first.returncode == 0, first.stderr
    assert re.search(r"6 pictures: 0\.\d MB on disk, 0\.\d MB as they are kept", first.stderr)
    page = data(home / "page.html")
    assert page["meta.json"]["columns"] == ["plays"]
    shown, copies = page["meta.json"]["count"], page["meta.json"]["copies"]
    assert shown + copies == 6  # some of the drawn covers are alike
    assert len(page["texts.json"]["title"]) == shown
    assert page["meta.json"]["genres"][-1] == "sea"
    assert "Album 0" in page["texts.json"]["title"]
    assert str(home) not in (home / "page.html").read_text("utf-8")

    again = explore(home, home / "covers.csv", "--out", home / "page.html")
    assert f"{shown} covers, as they were built before" in again.stderr

    (home / "new.jpg").write_bytes(cover("moss", 99, 400))
    with (home / "covers.csv").open("a", encoding="utf-8") as table:
        table.write("\nthree,The three,moss,new,New,new.jpg,7\n")
    third = explore(home, home / "covers.csv", "--out", home / "page.html")
    assert "1 new cover is added to 6" in third.stderr
    meta = data(home / "page.html")["meta.json"]
    assert meta["count"] + meta["copies"] == 7


def test_nothing_to_show_is_an_error_with_its_reason(home: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    run = explore(home, tmp_path, "--out", tmp_path / "page.html")
    assert run.returncode == 1
    assert "no cover can be shown" in run.stderr
    assert not (tmp_path / "page.html").exists()


def test_the_server_runs_until_ctrl_c(home: Path) -> None:
    table = manifest(home / "small", {"one": "fire"}, covers=3)
    environment = os.environ | {"SPOTITAGS_CACHE_DIR": str(home)}
    command = [sys.executable, "-m", "spotitags", "explore", str(table), "--tagger", "lite", "--no-browser"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/start\?token=[\w-]{40,}", address)
            connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=60)
            connection.request("GET", "/")
            assert connection.getresponse().status == 403
            connection.close()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130, errors
        assert "Traceback" not in errors


def test_a_missing_extra_is_named_before_any_work(home: Path) -> None:
    with patch("importlib.util.find_spec", return_value=None):
        run = spotitags("explore", home=home)
    assert run.returncode != 0
    assert "needs the extra 'explore'" in run.stderr
