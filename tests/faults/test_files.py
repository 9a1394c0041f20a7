"""Attacks by files: full disks under every output, and inputs that are no files."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest
from helpers import evaluations
from helpers.command_line import spotitags
from helpers.cover_files import cover
from helpers.rows import rows

from classifiers.ensemble.ensemble import Ensemble
from classifiers.training.save import save
from classifiers.training.train import train
from spotitags import evaluation
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotitags.io.cache import Cache

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits and pipes are POSIX's")
OLD = b"old"


class FullDisk(io.FileIO):
    """A file of at most ten bytes."""

    def write(self, data: Any) -> int:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            return super().write(data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full, but only for the files that are written beside their place."""
    opened = Path.open

    def limited(path: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if mode == "xb":
            return io.BufferedWriter(FullDisk(path, mode))
        return opened(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", limited)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["tag", "--offline", "Metallica", "--csv"], "table.csv"),
        (["tag", "--offline", "Metallica", "--parquet"], "table.parquet"),
        (["predict", "--offline", "Metallica", "--csv"], "table.csv"),
        (["results", "scores.json", "--out"], "page.md"),
        (["sample", "labels.csv", "--per-genre", "1", "--out"], "sheet.png"),
    ],
)
def test_a_full_disk_is_named_and_the_old_output_stays(
    tmp_path: Path, command: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("scores.json").write_text(json.dumps(evaluations.run()), encoding="utf-8")
    Path("a.jpg").write_bytes(cover())
    Path("labels.csv").write_text("file,genre\na.jpg,jazz\n", encoding="utf-8")
    Path(name).write_bytes(OLD)
    before = set(folder.iterdir())
    run = spotitags(*command, name, home=tmp_path / "home")
    assert run.returncode == 2
    assert f"{name} cannot be written ({os.strerror(errno.EFBIG)}): choose another" in run.stderr
    assert Path(name).read_bytes() == OLD
    assert set(folder.iterdir()) == before


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "config.toml").write_text("albums = 7\n", encoding="utf-8")
    run = spotitags(
        "config", "set", "catalog", "musicbrainz", home=tmp_path, SPOTITAGS_CONFIG_DIR=str(folder)
    )
    assert run.returncode == 2
    assert "config.toml cannot be written" in run.stderr
    assert (folder / "config.toml").read_text(encoding="utf-8") == "albums = 7\n"
    assert len(list(folder.iterdir())) == 1


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_a_report(tmp_path: Path) -> None:
    for name in ("scores.json", "report.html"):
        (tmp_path / name).write_bytes(OLD)
    with pytest.raises(InputError, match="cannot be written"):
        evaluation.write(evaluations.run(), tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "scores.json": OLD,
        "report.html": OLD,
    }


def model(folder: Path, genres: tuple[str, ...]) -> tuple[Path, Any]:
    trained = train(rows(3, genres), {"lite": "lite 1"}, classifiers=("complement_nb",), folds=3, repeats=1)
    save(trained, folder / "mine", created="2026-11-21")
    return folder / "mine", trained


def test_a_model_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    stem, _ = model(tmp_path, ("jazz", "metal"))
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        model(tmp_path, ("jazz", "pop"))
    assert {file: file.read_bytes() for file in before} == before
    assert Ensemble.load(stem).genres == ("jazz", "metal")


def test_a_model_whose_replacement_was_killed_is_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the graph has its name, and the card does not."""
    stem, _ = model(tmp_path, ("jazz", "metal"))
    replace = Path.replace

    def killed(part: Path, path: Path) -> Path:
        if path.suffix == ".json":
            assert Ensemble.load(stem).genres == ("jazz", "metal"), "a reader at this moment"
            raise KeyboardInterrupt
        return replace(part, path)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        model(tmp_path, ("jazz", "pop"))
    monkeypatch.setattr(Path, "replace", replace)
    assert Ensemble.load(stem).genres == ("jazz", "metal")
    model(tmp_path, ("jazz", "pop"))
    assert Ensemble.load(stem).genres == ("jazz", "pop")
    assert {file.name for file in tmp_path.iterdir()} == {"mine.onnx", "mine.json"}


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """A pipe to which nobody writes; it ends after a while, so that a reader does not wait forever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = Timer(20, os.close, [os.open(path, os.O_RDWR | os.O_NONBLOCK)])
    end.start()
    yield path
    end.cancel()


@pytest.mark.parametrize(
    "command",
    [
        ["tag", "--offline", "{}"],
        ["predict", "--offline", "--manifest", "{}"],
        ["tag", "{}.jpg", "--tagger", "lite", "--words", "{}"],
        ["predict", "--offline", "Metallica", "--model", "{}.json"],
        ["labels", "--artists", "{}", "--genres", "jazz,metal"],
        ["evaluate", "--compare", "{}"],
        ["results", "{}"],
        ["sample", "{}", "--out", "sheet.png"],
        ["train", "{}", "--out", "mine"],
    ],
)
def test_a_pipe_is_no_input(tmp_path: Path, pipe: Path, command: list[str]) -> None:
    (tmp_path / "pipe.json").symlink_to(pipe)
    (tmp_path / "pipe.jpg").write_bytes(cover())
    run = spotitags(*(part.format(pipe) for part in command), home=tmp_path)
    assert run.returncode in {1, 2}
    assert "it is a pipe, not a file" in run.stderr


def test_a_pipe_is_no_configuration(tmp_path: Path, pipe: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "config.toml").symlink_to(pipe)
    run = spotitags("tag", "--offline", "Metallica", home=tmp_path, SPOTITAGS_CONFIG_DIR=str(folder))
    assert run.returncode == 1
    assert "it is a pipe, not a file" in run.stderr


def test_a_page_goes_through_pipes(tmp_path: Path) -> None:
    """Standard input and output are pipes that the user made."""
    command = [sys.executable, "-m", "spotitags", "results", "/dev/stdin", "--out", "/dev/stdout"]
    scores = json.dumps(evaluations.run())
    run = subprocess.run(
        command, input=scores, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "SPOTITAGS_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert run.stdout.startswith("# ")


@pytest.mark.parametrize("link", [False, True])
def test_a_row_of_the_cache_names_no_file_outside_it(tmp_path: Path, cache: Cache, link: bool) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text('"secret"', encoding="utf-8")
    cache.put("tags", "a", "x" * (2 << 20))
    assert cache.get("tags", "a") == "x" * (2 << 20), "a file of its own"
    cache.close()
    name = str(Path("..", secret.name))
    with sqlite3.connect(cache.folder / "cache.db") as database:
        if link:
            ((name,),) = database.execute("SELECT filename FROM Cache").fetchall()
            (cache.folder / name).unlink()
            (cache.folder / name).symlink_to(secret)
        else:
            database.execute("UPDATE Cache SET filename = ?", (name,))
    database.close()
    assert cache.get("tags", "a") is None
    cache.put("tags", "a", "new")  # removes the file of the earlier value
    assert cache.get("tags", "a") == "new"
    assert secret.read_text(encoding="utf-8") == '"secret"'
