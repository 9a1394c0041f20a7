"""Tables that users give to commands, and tables that commands write."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from helpers.command_line import Run, spotitags
from helpers.manifests import labelled, manifest
from helpers.quick_training import quick_training

from classifiers.files import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
NOBODY = "0000000000000000000000"
GENRES = ["classical", "country", "hiphop", "jazz", "metal"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def drawn(home: Path) -> Path:
    return labelled(home / "drawn", each=4, covers=2)


def rewritten(
    path: Path, name: str, columns: Mapping[str, str], *, separator: str = ";", encoding: str = "utf-16"
) -> Path:
    """Write some columns of a table again, in the form of a spreadsheet program."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(columns.values())
    writer.writerows([row[column] for column in columns] for row in rows)
    other = path.with_name(name)
    other.write_bytes(out.getvalue().encode(encoding))
    return other


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def objects(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_predictions_fill_a_table_with_a_row_per_artist(home: Path, tmp_path: Path) -> None:
    import pandas as pd

    args = ["predict", "-a", "nobody", "-a", METALLICA, "--offline", "--tagger", "lite"]
    run = spotitags(*args, "--csv", "-", "--top", "2", home=home)
    assert run.returncode == 3
    failed, found = rows(run.stdout)
    shares = [f"share_{genre}" for genre in GENRES]
    assert list(found) == [
        "artist_id", "artist_name", "genre", "none", "right", "sure", *shares, "covers", "trained_on", "tags",
        "error",
    ]  # fmt: skip
    assert (failed["artist_id"], failed["genre"]) == ("nobody", "")
    assert "has no artist called 'nobody'" in failed["error"]
    (answer,) = objects(spotitags(*args[:1], *args[3:], "--json", home=home))
    assert (found["artist_id"], found["artist_name"], found["genre"]) == (METALLICA, "Metallica", "metal")
    assert {vote["genre"]: vote["share"] for vote in answer["votes"]} == {
        genre: float(found[f"share_{genre}"]) for genre in GENRES
    }
    assert float(found["none"]) == pytest.approx(answer["none"], abs=1e-4)
    assert float(found["right"]) == pytest.approx(answer["confidence"]["right"])
    assert found["sure"] == str(answer["confidence"]["sure"]).lower()
    first, second = answer["tags"][:2]
    assert found["tags"] == (
        f"{first['label']} {first['weight']:.2f}; {second['label']} {second['weight']:.2f}"
    )
    assert (found["covers"], found["error"]) == ("10", "")

    out = tmp_path / "votes"
    assert spotitags(*args, "--top", "2", "--csv", out, home=home).returncode == 3
    assert out.read_text(encoding="utf-8") == run.stdout
    assert spotitags(*args, "--top", "2", "--parquet", out, home=home).returncode == 3
    frame = pd.read_parquet(out)
    assert list(frame.columns) == list(found)
    assert frame["share_metal"].tolist()[1] == float(found["share_metal"])
    assert frame["sure"].tolist()[1] is True


def test_a_table_of_failures_has_their_reasons(home: Path) -> None:
    run = spotitags("predict", "-a", NOBODY, "--offline", "--csv", "-", home=home)
    assert run.returncode == 1
    (row,) = rows(run.stdout)
    assert list(row) == [
        "artist_id", "artist_name", "genre", "none", "right", "sure", "covers", "trained_on", "tags", "error",
    ]  # fmt: skip
    assert NOBODY in row["error"]


def test_a_table_of_predictions_is_a_list_of_artists(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "votes.csv"
    run = spotitags("predict", "-a", METALLICA, "--offline", "--csv", table, home=home)
    assert run.returncode == 0
    again = spotitags("predict", "--artists", table, "--offline", "--csv", "-", home=home)
    assert again.stdout == table.read_text(encoding="utf-8")


def test_csv_without_a_file_is_stdout_as_before(home: Path) -> None:
    args = ["tag", "-a", METALLICA, "--offline", "-t", "lite", "--top", "3"]
    named = spotitags(*args, "--csv", "-", home=home)
    assert len(rows(named.stdout)) == 3
    assert spotitags(*args, "--csv", home=home).stdout == named.stdout
    assert spotitags("tag", "--csv", *args[1:], home=home).stdout == named.stdout
    other = spotitags(*args, "--csv", "--json", home=home)
    assert (other.returncode, other.stdout) == (2, "")


def test_names_are_no_formulas_unless_requested(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"-1": "fire"}, covers=1, first_seed=7000)
    path.write_text(path.read_text().replace("The -1", "=cmd()"), encoding="utf-8")
    args = ["tag", "--manifest", path, "--tagger", "lite", "--top", "1", "--csv", "-"]
    (row,) = rows(spotitags(*args, home=home).stdout)
    assert (row["artist_id"], row["artist_name"]) == ("'-1", "'=cmd()")
    (row,) = rows(spotitags(*args, "--raw-cells", home=home).stdout)
    assert (row["artist_id"], row["artist_name"]) == ("-1", "=cmd()")


def test_a_manifest_of_a_spreadsheet_gives_the_same_tags(home: Path, drawn: Path) -> None:
    plain = spotitags("tag", "--manifest", drawn, "--tagger", "lite", "--json", home=home)
    common = rewritten(
        drawn,
        "common.csv",
        {"genre": "Style", "file": "Cover", "artist_id": "Artist ID", "artist_name": "Artist"}
        | {"album_id": "album id", "album_name": "Album"},
    )
    assert (
        spotitags("tag", "--manifest", common, "--tagger", "lite", "--json", home=home).stdout == plain.stdout
    )
    names = {"file": "Bild", "artist_id": "Band", "artist_name": "Wer", "album_name": "Platte"}
    other = rewritten(drawn, "other.csv", names, separator="\t", encoding="utf-8-sig")
    args = ["--columns", ",".join(f"{name}={column}" for name, column in names.items())]
    run = spotitags("tag", "--manifest", other, *args, "--tagger", "lite", "--json", home=home)
    assert run.stdout == plain.stdout
    listed = spotitags(
        "tag", "--manifest", other, "--artists", other, *args, "--tagger", "lite", "--json", home=home
    )
    assert listed.stdout == plain.stdout
    without = spotitags("tag", "--manifest", other, "--tagger", "lite", home=home)
    assert without.returncode == 2
    assert f"{other}, line 1: no column artist_id and no column file" in without.stderr
    assert "--columns artist_id=NAME" in without.stderr


def test_a_guessed_encoding_is_noted_once(home: Path, drawn: Path) -> None:
    table = rewritten(drawn, "latin.csv", {"artist_id": "artist", "file": "cover"}, encoding="cp1252")
    table.write_bytes(table.read_bytes().replace(b"fire0", b"f\xfcr0"))
    run = spotitags("tag", "--manifest", table, "--tagger", "lite", "--json", home=home)
    assert run.stderr.count("read as Windows-1252") == 1
    assert objects(run)[0]["artist"]["id"] == "für0"


@pytest.mark.parametrize(
    "args",
    [
        ["sample", "--out", "sheet.png"],
        [
            "leaderboard",
            "--tagger",
            "lite",
            "--model",
            "complement_nb",
            "--folds",
            "2",
            "--min-covers",
            "1",
            "--json",
        ],
        ["train", "--out", "model", "--tagger", "lite", "--folds", "2"],
        ["tag", "--tagger", "lite", "--json"],
    ],
)
@pytest.mark.parametrize("artists", [True, False])
def test_every_command_reads_lists_of_artists_or_single_covers_once(
    home: Path, drawn: Path, tmp_path: Path, args: list[str], *, artists: bool
) -> None:
    columns = {"file": "Path", "genre": "Label"} | ({"artist_id": "Artist"} if artists else {})
    table = rewritten(drawn, f"{args[0]}{artists}.csv", columns)
    given = ["--manifest", table] if args[0] == "tag" else [table]
    options = [str(tmp_path / arg) if arg in {"sheet.png", "model"} else arg for arg in args[1:]]
    with counted(table) as reads:
        run = spotitags(args[0], *given, *options, home=home)
    assert run.returncode == 0, run.stderr
    assert reads == [table]
    number = 12 if artists else 24
    if args[0] == "train":
        assert f"fire {number // 3}, moss {number // 3}, sea {number // 3}" in run.stdout
    elif args[0] == "tag":
        assert len(objects(run)) == number
    elif args[0] == "leaderboard":
        assert objects(run)[0]["unit"] == ("artist" if artists else "cover")


@contextmanager
def counted(table: Path) -> Iterator[list[Path]]:
    """Count how often the file of a table is read: one path for each time."""
    reads = list[Path]()

    def read_and_count(path: Path, *args: Any, **options: Any) -> bytes:
        reads.extend([path] if path == table else [])
        return read_plain(path, *args, **options)

    with patch("spotitags.io.text.read_plain", read_and_count):
        yield reads


def test_a_model_of_single_covers_predicts_single_covers(home: Path, drawn: Path, tmp_path: Path) -> None:
    table = rewritten(drawn, "single.csv", {"file": "filename", "genre": "style"}, separator=",")
    model = tmp_path / "single"
    run = spotitags("train", table, "--out", model, "--tagger", "lite", "--folds", "2", home=home)
    assert run.returncode == 0, run.stderr
    files = rewritten(drawn, "files.csv", {"file": "filename"}, separator=",")
    run = spotitags(
        "predict", "--manifest", files, "--model", model, "--tagger", "lite", "--csv", "-", home=home
    )
    assert run.returncode == 0, run.stderr
    found = rows(run.stdout)
    assert len(found) == 24
    right = sum(row["artist_id"].startswith(row["genre"] or "none of these") for row in found)
    assert right >= 20


def test_no_fold_of_a_training_has_one_artist_on_both_sides(home: Path, drawn: Path, tmp_path: Path) -> None:
    """The covers of a genre's only artist are in one fold or in none, so that nothing is tested."""
    table = rewritten(
        drawn, "shared.csv", {"file": "file", "genre": "genre", "artist_name": "artist"}, separator=","
    )
    table.write_text(re.sub(r"The ([a-z]+)\d", r"The \1", table.read_text("utf-16")), encoding="utf-8")
    args = ["--tagger", "lite", "--folds", "2"]
    run = spotitags("train", table, "--covers", "--out", tmp_path / "m", *args, home=home)
    assert run.returncode == 2
    assert "nothing is left to test on" in run.stderr
    with table.open("a", encoding="utf-8") as stream:
        stream.write("gone.jpg,sea,\n")
    run = spotitags("train", table, "--out", tmp_path / "m", *args, home=home)
    assert "nothing is left to test on" in run.stderr, "a gap among the artists makes a list of single covers"


def test_covers_of_a_table_contradict_a_requested_catalogue(home: Path, drawn: Path) -> None:
    run = spotitags("sample", drawn, "--catalog", "library", "--out", "x.png", home=home)
    assert run.returncode == 2
    assert "--manifest belongs to the catalogue 'folder'" in run.stderr


def test_results_go_to_stdout_or_a_file(home: Path, drawn: Path, tmp_path: Path) -> None:
    run = spotitags(
        "evaluate", drawn, "--out", tmp_path / "run", "--tagger", "lite", "--folds", "2", "--repeats", "1",
        "--min-covers", "1", "--curve-repeats", "0", home=home,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    scores = tmp_path / "run" / "scores.json"
    shown = spotitags("results", scores, home=home)
    assert shown.stdout.startswith("# Results\n")
    assert shown.stderr == ""
    written = spotitags("results", scores, "--out", tmp_path / "page.md", home=home)
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == shown.stdout
    assert written.stdout == ""
    refused = spotitags("results", scores, "--out", tmp_path, home=home)
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr


def test_tables_keep_the_other_columns_of_the_table_they_came_from(home: Path, drawn: Path) -> None:
    head, *lines = drawn.read_text(encoding="utf-8").splitlines()
    notes = [f"{line},note {number}, {number % 2} euro" for number, line in enumerate(lines)]
    table = drawn.with_name("notes.csv")
    table.write_text("\n".join([f"{head},Note,none", *notes]).replace(", ", ","), encoding="utf-8")
    args = ["--tagger", "lite", "--csv", "-"]
    found = rows(spotitags("predict", table, *args, home=home).stdout)
    assert list(found[0])[-5:] == ["tags", "error", "table_genre", "Note", "table_none"]
    assert [(row["artist_id"], row["table_genre"]) for row in found[:2]] == [
        ("fire0", "fire"),
        ("fire1", "fire"),
    ]
    assert (found[0]["Note"], found[0]["table_none"]) == ("note 0; note 1", "0 euro; 1 euro")
    (row,) = rows(spotitags("predict", "-a", "fire1", "--manifest", table, *args, home=home).stdout)
    assert row["Note"] == "note 2; note 3"
    single = rows(spotitags("predict", table, "--columns", "artist_id=Note", *args, home=home).stdout)
    assert len(single) == 24
    ids = drawn.with_name("ids.csv")
    ids.write_text(f"name,shelf\nmetallica,top\nbach,low\n{METALLICA},other\n", encoding="utf-8")
    listed = rows(spotitags("predict", ids, "--offline", "--csv", "-", home=home).stdout)
    assert [(row["artist_name"], row["shelf"]) for row in listed] == [
        ("Metallica", "top"), ("Johann Sebastian Bach", "low"),
    ]  # fmt: skip


def test_an_evaluation_lists_its_artists_with_the_other_columns(
    home: Path, drawn: Path, tmp_path: Path
) -> None:
    table = drawn.with_name("shelves.csv")
    head, *lines = drawn.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([f"{head},Shelf", *(f"{line},low" for line in lines)]), encoding="utf-8")
    args = ["--tagger", "lite", "--folds", "2", "--repeats", "1", "--min-covers", "1", "--curve-repeats", "0"]
    out = tmp_path / "run"
    with quick_training(), patch("spotitags.training.references.references_for", return_value=None):
        run = spotitags("evaluate", table, *args, home=home)
        kept = spotitags("evaluate", table, *args, "--out", out, home=home)
    assert run.returncode == 0, run.stderr
    assert "no file was written: add --out FOLDER" in run.stderr
    assert kept.returncode == 0, kept.stderr
    assert "votes.csv" in kept.stdout
    found = rows((out / "votes.csv").read_text(encoding="utf-8"))
    assert list(found[0]) == [
        "artist_id", "artist_name", "genre", "predicted", "right", "share_fire", "share_moss", "share_sea",
        "covers", "Shelf",
    ]  # fmt: skip
    assert sorted(row["artist_id"] for row in found) == sorted(
        f"{s}{n}" for s in ("fire", "sea", "moss") for n in range(4)
    )
    assert all(row["genre"] == row["artist_id"][:-1] for row in found)
    assert {row["Shelf"] for row in found} == {"low"}


def test_tags_have_the_genre_of_the_catalogue(home: Path) -> None:
    args = ["tag", "-a", METALLICA, "--offline", "-t", "lite", "--top", "1", "--csv", "-"]
    (row,) = rows(spotitags(*args, home=home).stdout)
    assert list(row) == ["artist_id", "artist_name", "genre", "tagger", "label", "weight"]
    assert row["genre"] == "metal"
