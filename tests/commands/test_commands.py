"""The command line as a user runs it; a process of its own where that makes a difference."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import broken_clip, spotitags
from helpers.manifests import labelled, manifest
from helpers.model_files import Card, copy_model, edit_card

from spotitags.catalogs.library.catalog import LibraryCatalog

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
NOBODY = "0000000000000000000000"

Run = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of this file share, as a user's runs do."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled(tmp_path_factory.mktemp("labels"))


@pytest.fixture(scope="session")
def model(home: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "styles"
    run = spotitags("train", str(labels), "--out", str(out), "--tagger", "lite", "--folds", "2", home=home)
    assert run.returncode == 0, run.stderr
    assert "fire 4, moss 4, sea 4" in run.stdout
    return out


def python(*args: str, home: Path, **environment: str) -> Run:
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    own = {"SPOTITAGS_CACHE_DIR": str(home), "HOME": str(home), "PYTHONUTF8": "1", "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=inherited | own | environment,
        timeout=120,
        check=False,
    )


def objects(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_a_bundled_artist_is_answered_offline_in_json(home: Path) -> None:
    run = python("-m", "cli", "predict", "--artist", METALLICA, "--offline", "--json", home=home)
    assert run.returncode == 0, run.stderr
    (answer,) = objects(run)
    fields = [
        "artist",
        "genre",
        "none",
        "votes",
        "confidence",
        "trained_on",
        "kinds",
        "voters",
        "tags",
        "shown",
        "covers",
        "missing",
    ]
    assert list(answer) == fields
    assert answer["artist"] == {"id": METALLICA, "name": "Metallica"}
    assert answer["genre"] == answer["votes"][0]["genre"]
    assert {vote["genre"] for vote in answer["votes"]} == {"classical", "country", "hiphop", "jazz", "metal"}
    assert sum(vote["share"] for vote in answer["votes"]) == pytest.approx(1, abs=1e-5)
    assert len(answer["voters"]) == 23
    for voter in answer["voters"]:
        assert voter["tagger"] in {"lite", "text"}
        assert voter["genre"] == voter["votes"][0]["genre"]
        assert sum(vote["share"] for vote in voter["votes"]) == pytest.approx(1, abs=1e-5)
    assert sum(voter["weight"] for voter in answer["voters"]) == pytest.approx(1, abs=1e-2)
    for tagger in ("lite", "text"):
        weights = [tag["weight"] for tag in answer["tags"] if tag["tagger"] == tagger]
        assert weights == sorted(weights, reverse=True)
    assert 0 < len(answer["shown"]) < len(answer["tags"])
    assert answer["missing"] == []
    assert answer["covers"] == {"used": 10, "skipped": [], "copies": 0}


def test_uri_and_url_mean_the_same_artist(home: Path) -> None:
    forms = [METALLICA, f"spotify:artist:{METALLICA}", f"https://open.spotify.com/artist/{METALLICA}?si=x"]
    args = [arg for form in forms for arg in ("--artist", form)]
    (answer,) = objects(spotitags("predict", *args, "--offline", "--json", home=home))
    for form in forms:
        assert objects(spotitags("predict", "-a", form, "--offline", "--json", home=home)) == [answer]


def test_a_person_sees_name_bars_and_tags_within_80_columns(home: Path) -> None:
    run = spotitags("predict", "--artist", METALLICA, "--offline", "--explain", "-v", home=home)
    assert run.returncode == 0
    assert run.stdout.startswith("Metallica  10 covers\n")
    bars = re.findall(r"^(\w+) +█* ?▏? +([01]\.\d\d)$", run.stdout, re.MULTILINE)
    assert len(bars) == 5
    assert sum(float(share) for _, share in bars) == pytest.approx(1, abs=0.03)
    assert f"evidence for {bars[0][0]} over " in run.stdout
    named = len(
        re.findall(r"^lite (?:all|top|distinct|log-odds|covers|embedding) ", run.stdout, re.MULTILINE)
    )
    assert named >= 4
    assert f"\n{22 - named} voters with less than 1% of the weight each: " in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert "catalog library: " in run.stderr


def test_offline_opens_no_socket_and_imports_nothing_heavy(home: Path) -> None:
    watched = f"""
import sys
sys.addaudithook(lambda event, args: print("SOCKET", event) if event.startswith("socket.") else None)
sys.argv = ["spotitags", "predict", "--artist", "{METALLICA}", "--offline", "--explain"]
from cli import main
try:
    main()
except SystemExit as end:
    print("EXIT", end.code or 0)
heavy = "torch sklearn pandas open_clip scipy PIL onnx spotipy httpx2 pydantic numpy.ma importlib.metadata"
for name in heavy.split():
    if name in sys.modules:
        print("HEAVY", name)
"""
    run = python("-c", watched, home=home)
    assert "EXIT 0" in run.stdout
    assert "SOCKET" not in run.stdout
    assert "HEAVY" not in run.stdout
    heavy = python(
        "-c", watched.replace("from cli", "import socket, sklearn; socket.socket()\nfrom cli"), home=home
    )
    assert "SOCKET" in heavy.stdout
    assert "HEAVY sklearn" in heavy.stdout


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [("--albums", "many", "integer"), ("--albums", "0", "greater"), ("--catalog", "shop", "'musicbrainz'")],
)
def test_values_of_options_are_still_checked(home: Path, option: str, value: str, reason: str) -> None:
    run = spotitags("predict", METALLICA, option, value, home=home)
    assert run.returncode == 2
    assert option in run.stderr
    assert reason in run.stderr


@pytest.mark.parametrize(
    ("artists", "code"), [([METALLICA], 0), ([NOBODY], 1), ([METALLICA, NOBODY], 3), (["not an id"], 1)]
)
def test_the_exit_code_tells_how_many_were_answered(home: Path, artists: list[str], code: int) -> None:
    args = [arg for artist in artists for arg in ("--artist", artist)]
    run = spotitags("predict", *args, "--offline", "--json", home=home)
    assert run.returncode == code
    answers = objects(run)
    assert len(answers) == len(artists)
    failed = [answer for answer in answers if "error" in answer]
    assert len(failed) == len(artists) - artists.count(METALLICA)
    for answer in failed:
        assert answer["artist"]["id"] in artists
        assert answer["error"]["message"] in run.stderr


@pytest.mark.parametrize(
    ("args", "word", "code"),
    [
        (["predict", "--offline"], "--artist", 2),
        (["predict", "--artist", METALLICA, "--offline", "--catalog", "spotify"], "contradict", 2),
        (["predict", "--artist", METALLICA, "--catalog", "folder"], "--manifest", 2),
        (["predict", "--artist", METALLICA, "--catalog", "spotify"], "SPOTIPY_CLIENT_ID", 1),
        (["predict", "--artist", METALLICA, "--offline", "--tagger", "clip"], "leave --tagger out", 2),
        (["predict", "--artist", METALLICA, "--offline", "--genres", "polka"], "polka alone", 2),
        (["predict", "--artist", METALLICA, "--offline", "--words", "missing.txt"], "leave --words out", 2),
        (["predict", "--artist", METALLICA, "--offline", "--labels", "missing.txt"], "leave --words out", 2),
        (["predict", "--artist", METALLICA, "--offline", "--model", "missing.onnx"], "missing", 1),
        (["predict", "--manifest", "missing.csv"], "missing.csv", 2),
        (["predict", "--manifest", "pyproject.toml", "--tagger", "crystal-ball"], "pyproject.toml", 2),
        (["tag", "--artist", METALLICA, "--offline", "--json", "--csv"], "exclude each other", 2),
        (["tag", "--artist", METALLICA, "--offline", "--parquet", ""], "names no file", 2),
        (["train", "missing.csv", "--out", "model"], "missing.csv", 2),
    ],
)
def test_bad_wishes_are_answered_in_one_line_that_helps(
    home: Path, args: list[str], word: str, code: int
) -> None:
    run = spotitags(*args, home=home)
    assert run.returncode == code
    assert run.stdout == ""
    lines = [line for line in run.stderr.splitlines() if not line.startswith(("catalog ", "tagger "))]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert word in lines[0]


def test_genres_can_be_narrowed(home: Path) -> None:
    run = spotitags("predict", "-a", METALLICA, "--offline", "--genres", "metal, jazz", "--json", home=home)
    (answer,) = objects(run)
    assert {vote["genre"] for vote in answer["votes"]} == {"metal", "jazz"}
    assert sum(vote["share"] for vote in answer["votes"]) == pytest.approx(1, abs=1e-5)


def test_a_manifest_is_tagged_once_and_bad_covers_are_named(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"red": "fire", "blue": "sea"}, covers=3, first_seed=100)
    (tmp_path / "red-1.jpg").write_text("<html>gone</html>")
    run = spotitags("tag", "--manifest", str(path), "--tagger", "lite", "--json", home=home)
    assert run.returncode == 0
    red, blue = objects(run)
    assert red["covers"] == {"used": 2, "skipped": [{"cover": "Album 1", "reason": "html"}], "copies": 0}
    assert blue["covers"] == {"used": 3, "skipped": [], "copies": 0}
    assert red["tags"] != blue["tags"]

    again = f"""
import sys
sys.argv = ["spotitags", "tag", "--manifest", {str(path)!r}, "--tagger", "lite", "--json"]
from cli import main
try:
    main()
finally:
    print("MODEL" if "onnxruntime" in sys.modules else "NO MODEL", file=sys.stderr)
"""
    second = python("-c", again, home=home)
    assert second.stdout == run.stdout
    assert second.stderr.endswith("NO MODEL\n")


def test_an_artist_without_a_good_cover_fails_alone(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"good": "fire", "bad": "sea"}, covers=1, first_seed=200)
    (tmp_path / "bad-0.jpg").write_bytes(b"")
    run = spotitags("tag", "--manifest", str(path), "--tagger", "lite", "--json", home=home)
    assert run.returncode == 3
    good, bad = objects(run)
    assert good["tags"]
    assert bad["error"]["type"] == "NoCoversError"
    assert "Album 0: empty" in bad["error"]["message"]
    assert bad["artist"] == {"id": "bad", "name": "The bad"}


def test_titles_from_outside_cannot_steer_the_terminal(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"x": "fire"}, covers=2, first_seed=300)
    evil = "\x1b[31m[bold]Evil[/bold]\u202e\x07"
    path.write_text(path.read_text().replace("The x", evil).replace("Album 1", evil))
    (tmp_path / "x-1.jpg").write_bytes(b"")
    run = spotitags("tag", "--manifest", str(path), "--tagger", "lite", home=home)
    assert run.returncode == 0
    assert "[bold]Evil[/bold]" in run.stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", run.stdout + run.stderr)


def test_a_model_is_trained_and_used(home: Path, model: Path, tmp_path: Path) -> None:
    card = json.loads(model.with_suffix(".json").read_text())
    assert card["genres"] == ["fire", "moss", "sea"]
    path = manifest(tmp_path, {"a": "fire", "b": "sea", "c": "moss"}, covers=2, first_seed=400)
    run = spotitags(
        "predict", "--manifest", str(path), "--tagger", "lite", "--model", str(model), "--json", home=home
    )
    assert run.returncode == 0, run.stderr
    assert [answer["genre"] for answer in objects(run)] == ["fire", "sea", "moss"]


def test_a_model_meets_only_its_own_taggers(home: Path, model: Path) -> None:
    other = copy_model(model, model.parent, "other")

    def rename(card: Card) -> None:
        for each in (*card["voters"], *card["inputs"]):
            each["tagger"] = "dark"
        card["taggers"][0]["name"] = "dark"

    edit_card(other, rename)
    run = spotitags("predict", "-a", METALLICA, "--offline", "--model", str(other), home=home)
    assert run.returncode == 1
    assert "trained with dark, not with lite" in run.stderr


def test_tags_come_as_csv_and_parquet_alike(home: Path, tmp_path: Path) -> None:
    import pandas as pd

    args = ["tag", "--artist", METALLICA, "--offline", "--tagger", "lite", "--top", "7"]
    rows = list(csv.DictReader(spotitags(*args, "--csv", home=home).stdout.splitlines()))
    assert len(rows) == 7
    assert rows[0]["artist_name"] == "Metallica"
    file = tmp_path / "tags.parquet"
    assert spotitags(*args, "--parquet", str(file), home=home).returncode == 0
    frame = pd.read_parquet(file)
    assert list(frame["label"]) == [row["label"] for row in rows]
    assert list(frame["weight"]) == [float(row["weight"]) for row in rows]
    tags = objects(spotitags(*args, "--json", home=home))[0]["tags"]
    assert [tag["label"] for tag in tags] == [row["label"] for row in rows]


def test_the_library_can_be_listed(home: Path) -> None:
    rows = objects(spotitags("library", "--json", home=home))
    sample = LibraryCatalog()
    assert {row["id"] for row in rows} == {artist.id for artist in sample.artists()}
    assert {row["id"] for row in rows if row["held_out"]} == sample.held_out
    assert {row["genre"] for row in rows if not row["trained"] and not row["held_out"]} == {"reggae"}
    assert METALLICA in spotitags("library", home=home).stdout


def test_doctor_never_shows_a_key(home: Path) -> None:
    keys = {"SPOTIPY_CLIENT_ID": "id-of-mine", "SPOTIPY_CLIENT_SECRET": "do-not-tell"}
    run = spotitags("doctor", "--offline", "--json", home=home, **keys)
    assert run.returncode == 0
    found = {f"{check['area']} {check['name']}": check for check in objects(run)}
    assert found["key SPOTIPY_CLIENT_SECRET"]["ok"]
    assert found["tagger lite"]["ok"]
    assert "do-not-tell" not in run.stdout + run.stderr
    without = spotitags("doctor", "--offline", home=home).stdout
    assert "not set" in without
    assert "developer.spotify.com" in without


def test_every_command_has_help_and_a_place_in_the_list_of_commands(home: Path) -> None:
    listed = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    shown = spotitags("--help", home=home).stdout
    commands = re.findall(r"^  ([a-z]+)  +\S", shown.partition("Commands:")[2], re.MULTILINE)
    assert {"predict", "tag", "train", "library", "doctor"} <= set(commands)
    actions = re.findall(
        r"^  ([a-z]+)  +\S",
        spotitags("config", "--help", home=home).stdout.partition("Commands:")[2],
        re.MULTILINE,
    )
    assert actions == ["show", "path", "set", "unset"]
    for action in actions:
        assert re.search(r"^  \w.*\.$", spotitags("config", action, "--help", home=home).stdout, re.MULTILINE)
    for command in commands:
        assert f"spotitags {command}" in listed
        if command == "config":
            continue
        page = spotitags(command, "--help", home=home).stdout
        options = re.findall(r"^  (?:-\w, )?--[a-z-]+.*(?:\n {10,}.*)*", page, re.MULTILINE)
        assert len(options) >= 2
        for option in options:
            assert re.search(r"\S\s{2,}\S", option), f"{command}: no help for {option}"


def test_what_stops_a_run_is_every_remaining_artist_s_answer(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"a": "sea", "b": "fire"}, covers=1, first_seed=500)
    run = spotitags("tag", "--manifest", path, *broken_clip(tmp_path), home=home)
    assert run.returncode == 1
    assert [answer["artist"]["id"] for answer in objects(run)] == ["a", "b"]
    assert all("nothing" in answer["error"]["message"] for answer in objects(run))
    assert run.stderr.count("error: ") == 1


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals and signals are POSIX's")
def test_answers_go_to_the_file_and_the_bar_to_the_terminal(home: Path, tmp_path: Path) -> None:
    """A bar that is drawn on stderr must not take stdout with it."""
    terminal, behind = pty.openpty()
    path = tmp_path / "out.json"
    args = ["predict", "--offline", "--json", "-a", METALLICA, "-a", NOBODY]
    with path.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", *args],
            stdout=out, stderr=behind, cwd=ROOT, env=os.environ | {"SPOTITAGS_CACHE_DIR": str(home)},
        )  # fmt: skip
        assert process.wait(timeout=60) == 3
    os.close(behind)
    drawn = os.read(terminal, 1 << 20).decode()
    os.close(terminal)
    answers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [answer["artist"]["id"] for answer in answers] == [METALLICA, NOBODY]
    assert '"votes"' not in drawn


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interruption_says_that_the_rest_can_go_on(home: Path, tmp_path: Path) -> None:
    artists = {f"artist{n}": "sea" for n in range(24)}
    path = manifest(tmp_path, artists, covers=4, first_seed=1000)
    command = [sys.executable, "-m", "cli", "tag", "--manifest", str(path), "--tagger", "lite", "--json"]
    environment = os.environ | {"SPOTITAGS_CACHE_DIR": str(home)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; finished work is cached" in said
    assert "Traceback" not in said
    assert len(rest.splitlines()) < len(artists) - 1

    whole = spotitags(*command[3:], home=home).stdout.splitlines()
    assert [json.loads(line)["artist"]["id"] for line in whole] == list(artists)
    assert whole[0] + "\n" == first


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_name_can_be_written_whatever_the_locale(home: Path, tmp_path: Path, encoding: str) -> None:
    path = manifest(tmp_path, {"x": "fire"}, covers=1, first_seed=600)
    path.write_text(path.read_text().replace("The x", "Motörhead 動物"), encoding="utf-8")
    args = ["predict", "--manifest", str(path), "--tagger", "lite"]
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    run = python("-m", "cli", *args, "--json", home=home, **environment)
    assert objects(run)[0]["artist"]["name"] == "Motörhead 動物"
    assert "█" in python("-m", "cli", *args, home=home, **environment).stdout


def test_a_full_disk_is_one_line(home: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("wb") as out:
        run = subprocess.run(
            [sys.executable, "-m", "cli", "tag", "--offline", "--csv", "-a", METALLICA],
            stdout=out, stderr=subprocess.PIPE, cwd=ROOT, text=True, check=False, timeout=60,
            env=os.environ | {"SPOTITAGS_CACHE_DIR": str(home)},
        )  # fmt: skip
    assert "No space left on device" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    args = [arg for artist in LibraryCatalog().artists()[:40] for arg in ("--artist", artist.id)]
    quoted = " ".join([sys.executable, "-m", "cli", "predict", "--offline", "--json", *args])
    run = subprocess.run(
        ["/bin/sh", "-c", f"{quoted} 2>err | head -n 1 >/dev/null; cat err"],
        capture_output=True, text=True, cwd=home, timeout=120, check=True,
        env={"PATH": os.environ["PATH"], "SPOTITAGS_CACHE_DIR": str(home), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.stdout == ""
