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
    assert "metallica: covers on disk; for the artist of that name give --name 'metallica'" in run.stderr
    assert ids(spotitags("tag", "--name", "metallica", "--offline", "--json", home=home)) == [METALLICA]
    assert "--name" not in spotitags("tag", "metallica/", "--tagger", "lite", home=home).stderr
    assert "--name" not in spotitags("tag", "bands", "--tagger", "lite", home=home).stderr, "no artist"
    assert "--name 'bands'" in spotitags("tag", "bands", "--tagger", "lite", "-v", home=home).stderr


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
    ("args", "words", "code"),
    [
        (["Metalica"], "the bundled library has no artist called 'Metalica': did you mean Metallica?", 1),
        (["Social Distortion"], "SPOTITAGS_CONTACT", 1),
        (
            ["kuhn"],
            "2 artists fit the name 'kuhn': give the id of one. 63ZJSdxmTX5wWRMoS1C5ph Joachim Kühn",
            2,
        ),
        (["empty"], "has no covers", 2),
    ],
)
def test_what_cannot_be_found_fails_alone(
    home: Path, here: Path, args: list[str], words: str, code: int
) -> None:
    (here / "empty").mkdir()
    alone = spotitags("tag", *args, "--json", home=home)
    assert alone.returncode == code
    assert words in alone.stderr
    assert f"{args[0]}: {args[0]}" not in alone.stderr
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
    assert "Frost: of 2 covers the first 1 different ones are used" in run.stderr
    assert "--albums 2 uses all" in run.stderr


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
    both = spotitags("tag", "ids.csv", "sheet.csv", *args, home=home)
    assert ids(both) == [METALLICA, "Frost", "Ann"]
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


SHEET = "Band;Scan;Style;Note\nMetallica;Frost/1.jpg;sea;x\nAnn;bands/Ann/1.jpg;sea;y\n"


@pytest.mark.parametrize("command", ["tag", "predict", "train", "evaluate", "leaderboard", "sample"])
@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("artist_id=Band", "names pictures: for covers on disk add --columns artist_id=Band,file=Scan"),
        ("artist_id=Band,file=Scann", "no column 'Scann' for file, as --columns says (did you mean 'Scan'?)"),
        ("artist_id=Bands,file=Scan", "(did you mean 'Band'?); the columns are Band, Scan, Style, Note"),
        ("artist_id=Band,release_date=When", "no column 'When' for release_date"),
        (None, "no column file and no column artist_id; the columns are Band, Scan, Style, Note"),
    ],
)
def test_a_column_that_is_not_recognised_is_named_by_all_commands(
    home: Path, here: Path, command: str, columns: str | None, words: str
) -> None:
    """The library knows an artist of the table, and would answer for it."""
    (here / "sheet.csv").write_text(SHEET, encoding="utf-8")
    out = [] if command in {"tag", "predict"} else ["--out", "out.png" if command == "sample" else "out"]
    given = [] if columns is None else ["--columns", columns]
    run = spotitags(command, "sheet.csv", *given, *out, home=home)
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    assert words in run.stderr
    assert run.stderr.startswith("error: sheet.csv, line 1: ")


def test_given_columns_belong_to_the_tables_that_have_them(home: Path, here: Path) -> None:
    (here / "sheet.csv").write_text("Band;Scan\nFrost;Frost/1.jpg\nAnn;bands/Ann/1.jpg\n", encoding="utf-8")
    (here / "ids.csv").write_text("note,artist_id\nx,Ann\n", encoding="utf-8")
    args = ["--manifest", "sheet.csv", "--json", "--tagger", "lite"]
    run = spotitags("tag", "--artists", "ids.csv", *args, "--columns", "artist_id=Band,file=Scan", home=home)
    assert run.returncode == 0, run.stderr
    assert ids(run) == ["Ann"]
    run = spotitags("tag", "--artists", "ids.csv", *args, "--columns", "artist_id=Bend,file=Scan", home=home)
    assert run.returncode == 2
    assert "sheet.csv, line 1: no column 'Bend' for artist_id, as --columns says (did you mean 'Band'?)" in (
        run.stderr
    )
    run = spotitags("tag", "Frost", "--columns", "file=Scan", home=home)
    assert run.returncode == 2
    assert "--columns is for tables, and there is none" in run.stderr


def test_a_table_of_unknown_artists_names_the_columns_of_covers(home: Path, here: Path) -> None:
    (here / "sheet.csv").write_text("Artist;Bild\nXyzzy;one\nPlugh;two\n", encoding="utf-8")
    run = spotitags("predict", "sheet.csv", "--offline", home=home)
    assert run.returncode == 2
    assert run.stderr == (
        "error: sheet.csv, line 1: no column file, and the bundled library has no artist of the column "
        "'Artist', such as 'Xyzzy'; a table of covers needs artist_id and file (file alone lists single "
        "covers), a list of artists artist_id; the columns are Artist, Bild: add --columns file=NAME "
        "with the names that they have\n"
    )
    (here / "sheet.csv").write_text("Artist;Genre\nXyzzy;x\nPlugh;y\n", encoding="utf-8")
    run = spotitags("train", "sheet.csv", "--out", "model", "--offline", home=home)
    assert run.returncode == 2
    assert "the bundled library has no artist of the column 'Artist', such as 'Xyzzy'" in run.stderr
    (here / "sheet.csv").write_text("Artist;Genre\nXyzzy;x\nMetallica;y\n", encoding="utf-8")
    assert spotitags("predict", "sheet.csv", "--offline", home=home).returncode == 3


def test_covers_without_artists_say_that_each_counts_by_itself(home: Path, here: Path) -> None:
    (here / "sheet.csv").write_text(SHEET, encoding="utf-8")
    run = spotitags("tag", "sheet.csv", "--columns", "file=Scan", "--json", "--tagger", "lite", home=home)
    assert run.returncode == 0, run.stderr
    assert "sheet.csv has no column artist_id or artist_name, so each cover counts by itself" in run.stderr
    (here / "single.csv").write_text("file;style\nFrost/1.jpg;sea\n", encoding="utf-8")
    assert "by itself" not in spotitags("tag", "single.csv", "--json", "--tagger", "lite", home=home).stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["predict", "Forst/1.jpg"], "'Forst/1.jpg' (did you mean 'Frost/1.jpg'?)"),
        (["predict", "band/Ann/9.jpg"], "(did you mean 'bands'?)"),
        (["predict", "bands/Anne/"], "(did you mean 'bands/Ann'?)"),
        (["predict", "--manifest", "csv/cover.csv"], "(did you mean 'csv/covers.csv'?)"),
        (["predict", "--artists", "csv/cover.csv"], "(did you mean 'csv/covers.csv'?)"),
        (["train", "csv/cover.csv", "--out", "m"], "(did you mean 'csv/covers.csv'?)"),
        (["evaluate", "band", "--out", "m"], "(did you mean 'bands'?)"),
    ],
)
def test_a_mistyped_file_or_folder_is_suggested(home: Path, here: Path, args: list[str], words: str) -> None:
    assert here
    run = spotitags(*args, home=home)
    assert run.returncode == 2
    assert words in run.stderr


@pytest.mark.parametrize("command", ["predict", "tag", "train", "evaluate"])
@pytest.mark.parametrize("text", ["artist_id,genre,file\n,x,1.jpg\n", "artist_id,genre,file\n", '"a,b\n'])
def test_a_bad_table_is_a_usage_error_that_names_it_once(
    home: Path, here: Path, command: str, text: str
) -> None:
    (here / "bad.csv").write_text(text)
    more = ["--out", "out"] if command in {"train", "evaluate"} else [METALLICA]
    run = spotitags(command, "bad.csv", *more, home=home)
    assert run.returncode == 2, run.stderr
    assert run.stderr.count("bad.csv") == 1
