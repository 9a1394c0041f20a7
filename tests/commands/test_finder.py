"""Arguments of any kind on the command line, each resolved against its own catalogue."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import broken_clip, read_screen, spotitags
from helpers.faulty_services import FaultyServices, serving
from helpers.manifests import cover, labelled, manifest

from spotitags.catalogs.library.catalog import LibraryCatalog

if TYPE_CHECKING:
    from helpers.command_line import Run

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
BACH = "5aIqB5nVVvmFsvSdExz408"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that these tests share, as a user's runs do."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with covers."""
    monkeypatch.chdir(tmp_path)
    seed = 7000
    for name in ("Frost/1", "Frost/2", "bands/Ann/1", "bands/Bob/1", "bands/Bob/2", "one", "metallica/1"):
        file = tmp_path / f"{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cover("sea", seed := seed + 1))
    manifest(tmp_path / "csv", {"red": "fire", "blue": "sea"}, covers=1, first_seed=7100)
    return tmp_path


def objects(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def ids(run: Run) -> list[str]:
    return [answer["artist"]["id"] for answer in objects(run)]


@pytest.mark.parametrize(
    "text",
    [
        "Metallica",
        "metallica",
        METALLICA,
        f"spotify:artist:{METALLICA}",
        f"https://open.spotify.com/artist/{METALLICA}?si=x",
    ],
)
def test_an_artist_is_found_by_name_id_uri_and_url(home: Path, text: str) -> None:
    run = spotitags("predict", text, "--offline", "--json", home=home)
    assert run.returncode == 0, run.stderr
    assert [answer["artist"] for answer in objects(run)] == [{"id": METALLICA, "name": "Metallica"}]
    assert objects(run) == objects(spotitags("predict", "-a", METALLICA, "--offline", "--json", home=home))


def test_one_run_takes_all_kinds_in_the_order_of_the_arguments(home: Path, here: Path) -> None:
    (here / "list.txt").write_text(f"# mine\n{METALLICA}\nfrederic chopin\nxyzzy\n", encoding="utf-8")
    given = ["Frost", "bach", "bands", "one.jpg", "list.txt", "csv/covers.csv", "frost/", "Frost"]
    if not Path("frost").exists():  # file systems that ignore case find it
        given.remove("frost/")
    run = spotitags("predict", *given, "--tagger", "lite", "--json", "-v", home=home)
    assert run.returncode == 3, run.stderr
    (chopin,) = (artist.id for artist in LibraryCatalog().artists() if artist.name == "Frédéric Chopin")
    assert ids(run) == ["Frost", BACH, "Ann", "Bob", "one.jpg", METALLICA, chopin, "xyzzy", "red", "blue"]
    answers = {answer["artist"]["id"]: answer for answer in objects(run)}
    assert [answers[each]["covers"]["used"] for each in ("Frost", "Bob", "one.jpg", BACH)] == [2, 2, 1, 10]
    assert answers["one.jpg"]["artist"]["name"] == "one"
    assert answers["xyzzy"]["error"]["type"] == "ArtistNotFoundError"
    assert run.stderr.count("catalog folder: ") == run.stderr.count("catalog library: ") == 1
    assert run.stderr.count("tagger lite: ") == 1
    alone = spotitags("predict", "bands", "--tagger", "lite", "--json", home=home)
    assert objects(alone) == [answers["Ann"], answers["Bob"]]


def test_tables_keep_the_order_too(home: Path, here: Path) -> None:
    assert here
    run = spotitags("tag", "Frost", "bach", "one.jpg", "--tagger", "lite", "--csv", "--top", "1", home=home)
    assert run.returncode == 0, run.stderr
    assert [line.split(",")[0] for line in run.stdout.splitlines()[1:]] == ["Frost", BACH, "one.jpg"]


def test_equal_ids_of_two_folders_are_two_artists(home: Path, here: Path) -> None:
    (here / "other/Ann").mkdir(parents=True)
    (here / "other/Ann/1.jpg").write_bytes(cover("fire", 7200))
    run = spotitags("tag", "bands", "other", "--tagger", "lite", "--json", home=home)
    assert run.returncode == 0, run.stderr
    assert ids(run) == ["Ann", "Bob", "Ann"]
    first, _, second = (answer["tags"] for answer in objects(run))
    assert first != second


def test_a_folder_of_an_artist_s_name_is_used_unless_a_name_is_demanded(home: Path, here: Path) -> None:
    assert here
    run = spotitags("tag", "metallica", "--tagger", "lite", "--json", home=home)
    assert ids(run) == ["metallica"]
    assert "metallica: there is such a file or folder here, and it is used" in run.stderr
    assert "--name 'metallica'" in run.stderr
    assert ids(spotitags("tag", "--name", "metallica", "--offline", "--json", home=home)) == [METALLICA]
    assert "--name" not in spotitags("tag", "metallica/", "--tagger", "lite", home=home).stderr


def test_ids_and_names_of_a_manifest_are_arguments(home: Path, here: Path) -> None:
    args = ["--manifest", str(here / "csv/covers.csv"), "--tagger", "lite", "--json"]
    assert ids(spotitags("tag", "blue", "the RED", *args, home=home)) == ["blue", "red"]
    run = spotitags("tag", "yellow", *args, home=home)
    assert run.returncode == 1
    assert "has no artist called 'yellow'" in run.stderr
    mixed = spotitags("tag", "blue", "one.jpg", *args, home=home)
    assert ids(mixed) == ["blue", "one.jpg"]


def test_services_and_covers_are_one_run(home: Path, here: Path) -> None:
    assert here
    artist = "0BatchTestArtistNumbe2"
    with serving(FaultyServices()) as services:
        run = spotitags(
            "predict", "Frost", artist, "bands", "--tagger", "lite", "--json",
            home=home, **services.environment(),
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert ids(run) == ["Frost", artist, "Ann", "Bob"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["predict", "--offline"], "no artist is selected"),
        (["predict", "nothing.jpg"], "there is no file or folder 'nothing.jpg'"),
        (["predict", "Metallica", "covers/none"], "there is no file or folder 'covers/none'"),
        (["predict", f"spotify:album:{METALLICA}"], "is not the address of an artist"),
        (["tag", ""], "an argument is empty"),
        (["tag", "one.jpg", "--catalog", "musicbrainz"], "--catalog musicbrainz is for names and ids"),
        (["tag", "one.jpg", "--also", "live"], "--also is for names and ids"),
    ],
)
def test_wrong_arguments_are_usage_errors(home: Path, here: Path, args: list[str], words: str) -> None:
    assert here
    run = spotitags(*args, home=home)
    assert run.returncode == 2
    assert run.stdout == ""
    assert words in run.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["Metalica"], "the bundled library has no artist called 'Metalica': did you mean Metallica?"),
        (["Social Distortion"], "SPOTITAGS_CONTACT"),
        (["kuhn"], "2 artists fit the name 'kuhn': give the id of one. 63ZJSdxmTX5wWRMoS1C5ph Joachim Kühn"),
        (["empty"], "has no covers"),
        (["csv/bad.csv"], "line 2, column 'artist_id': the artist_id is empty"),
    ],
)
def test_what_cannot_be_found_fails_alone(home: Path, here: Path, args: list[str], words: str) -> None:
    (here / "empty").mkdir()
    (here / "csv/bad.csv").write_text("artist_id,file\n,1.jpg\n")
    alone = spotitags("tag", *args, "--json", home=home)
    assert alone.returncode == 1
    assert words in alone.stderr
    assert words in objects(alone)[0]["error"]["message"]
    with_another = spotitags("tag", *args, METALLICA, "--json", home=home)
    assert with_another.returncode == 3
    assert ids(with_another) == [*args, METALLICA]


def test_the_library_refuses_another_tagger_and_covers_go_on(home: Path, here: Path) -> None:
    run = spotitags("tag", "bach", "one.jpg", *broken_clip(here), home=home)
    assert run.returncode == 1
    bach, one = objects(run)
    assert "leave --tagger out" in bach["error"]["message"]
    assert "nothing" in one["error"]["message"]


def test_more_covers_than_are_used_are_no_secret(home: Path, here: Path) -> None:
    assert here
    run = spotitags("tag", "Frost", "--tagger", "lite", "--albums", "1", "--json", home=home)
    assert objects(run)[0]["covers"]["used"] == 1
    assert "Frost: only 1 different covers are used; --albums N takes more" in run.stderr


def test_names_of_strangers_cannot_steer_the_terminal(home: Path, here: Path) -> None:
    path = here / "csv/covers.csv"
    path.write_text(path.read_text().replace("The ", "The \x1b[31m\u202eEvil "), encoding="utf-8")
    args = ["tag", "--manifest", str(path), "--tagger", "lite"]
    for name in ("evil", "The Evi1 red", "evil red"):
        run = spotitags(*args, "--name", name, home=home)
        assert "Evil" in run.stderr, run.stderr
        assert "\x1b" not in run.stdout + run.stderr
        assert "\u202e" not in run.stdout + run.stderr


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX's")
def test_results_on_a_terminal_begin_at_its_left_edge(home: Path) -> None:
    """The progress bar must be erased first."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "tag", "metallica", "bach", "--offline", "--top", "1"],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm", "PYTHONUTF8": "1"},
    ) as process:  # fmt: skip
        os.close(theirs)
        screen = read_screen(ours)
    assert process.returncode == 0
    for name in (rb"Metallica", rb"Johann Sebastian Bach"):
        assert re.search(
            rb"(?:\x1b\[2K|\n)(?:\x1b\[[0-9;]*m)*" + name + rb"(?:\x1b\[[0-9;]*m)*  10 covers", screen
        )


def test_a_folder_of_genres_is_trained_on(home: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "flat")
    for file in path.parent.glob("*.jpg"):
        artist = file.stem.rpartition("-")[0]
        folder = tmp_path / "genres" / artist.rstrip("0123456789") / artist
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)
    genres, out = str(tmp_path / "genres"), str(tmp_path / "model")
    run = spotitags("train", genres, "--out", out, "--tagger", "lite", "--folds", "2", home=home)
    assert run.returncode == 0, run.stderr
    assert "fire 4, moss 4, sea 4" in run.stdout
    run = spotitags("predict", genres, "--model", out, "--tagger", "lite", "--json", home=home)
    assert run.returncode == 0, run.stderr
    assert [(answer["genre"], answer["covers"]["used"]) for answer in objects(run)] == [
        (genre, 2) for genre in ("fire", "moss", "sea") for _ in range(4)
    ]
    run = spotitags("sample", genres, "--out", str(tmp_path / "sheet.png"), home=home)
    assert run.returncode == 0, run.stderr
    args = ["--tagger", "lite", "--model", "colours", "--folds", "2", "--min-covers", "0", "--json"]
    run = spotitags("leaderboard", genres, *args, home=home)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["dataset"] == "genres"
    assert "no genre" in spotitags("train", f"{genres}/fire", "--out", out, home=home).stderr


def test_tables_of_any_form_are_arguments(home: Path, here: Path) -> None:
    (here / "sheet.csv").write_text("Band;Scan\nFrost;Frost/1.jpg\nAnn;bands/Ann/1.jpg\n", encoding="utf-8")
    (here / "single.csv").write_text("path\tstyle\none.jpg\t\n", encoding="utf-8")
    (here / "ids.csv").write_text(f"note;Band\nx;{METALLICA}\n", encoding="utf-8")
    args = ["--columns", "artist_id=Band,file=Scan", "--offline", "--json"]
    run = spotitags("tag", "sheet.csv", "Metallica", *args, home=home)
    assert run.returncode == 0, run.stderr
    assert ids(run) == ["Frost", "Ann", METALLICA]
    assert ids(spotitags("tag", "--manifest", "sheet.csv", *args, home=home)) == ["Frost", "Ann"]
    assert ids(spotitags("tag", "ann", "--manifest", "sheet.csv", *args, home=home)) == ["Ann"]
    assert ids(spotitags("tag", "ids.csv", *args, home=home)) == [METALLICA]
    assert ids(spotitags("tag", "single.csv", "--json", "--tagger", "lite", home=home)) == ["one.jpg"]


def test_the_configuration_holds_for_arguments(home: Path, here: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('tagger = "lite"\nalbums = 1\ncatalog = "musicbrainz"\n')
    config = {"SPOTITAGS_CONFIG_DIR": str(tmp_path)}
    run = spotitags("predict", str(here / "bands"), "--json", "-v", home=home, **config)
    assert run.returncode == 0, run.stderr
    assert [answer["covers"]["used"] for answer in objects(run)] == [1, 1]
    assert "tagger lite: requested" in run.stderr
    assert "library" not in run.stderr
    run = spotitags("predict", str(here / "bands"), "bach", "--offline", "--json", home=home, **config)
    assert run.returncode == 0, run.stderr
    assert "the configured tagger cannot be used with covers that are tagged" in run.stderr


def test_a_folder_of_genres_has_single_covers_on_request(home: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "flat")
    for file in path.parent.glob("*.jpg"):
        folder = tmp_path / "genres" / file.stem.rpartition("-")[0].rstrip("0123456789")
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)
    args = [
        "train",
        str(tmp_path / "genres"),
        "--out",
        str(tmp_path / "m"),
        "--tagger",
        "lite",
        "--folds",
        "2",
    ]
    refused = spotitags(*args, home=home)
    assert refused.returncode == 2
    assert "add --covers if the folders are genres" in refused.stderr
    run = spotitags(*args, "--covers", home=home)
    assert run.returncode == 0, run.stderr
    assert "fire 8, moss 8, sea 8" in run.stdout
