from __future__ import annotations

import json
import os
import stat
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import Run, spotitags
from helpers.manifests import manifest

if TYPE_CHECKING:
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config"


def run(folder: Path, *args: object, **environment: str) -> Run:
    return spotitags(*args, home=folder.parent, SPOTITAGS_CONFIG_DIR=str(folder), **environment)


def shown(folder: Path, **environment: str) -> dict[str, dict[str, Any]]:
    answer = run(folder, "config", "show", "--json", **environment)
    assert answer.returncode == 0, answer.stderr
    return {row["key"]: row for row in map(json.loads, answer.stdout.splitlines())}


def test_settings_are_written_shown_with_their_source_and_removed(folder: Path) -> None:
    file = folder / "config.toml"
    assert run(folder, "config", "path").stdout == f"{file}\n"
    assert shown(folder)["albums"] == {"key": "albums", "value": "10, for train 20", "source": "default"}
    assert run(folder, "config", "set", "albums", "5").returncode == 0
    assert run(folder, "config", "set", "tagger", "lite", "clip").returncode == 0
    assert run(folder, "config", "set", "contact", "me@example.org").returncode == 0
    assert tomllib.loads(file.read_text()) == {
        "albums": 5, "tagger": ["lite", "clip"], "contact": "me@example.org",
    }  # fmt: skip
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = shown(folder, SPOTITAGS_CONTACT="you@example.org", SPOTITAGS_CACHE_DIR="/somewhere")
    assert found["albums"]["value"] == 5
    assert found["albums"]["source"] == f"{file}, line 1"
    assert found["tagger"]["value"] == ["lite", "clip"]
    assert found["contact"] == {
        "key": "contact", "value": "you@example.org", "source": "SPOTITAGS_CONTACT in the environment",
    }  # fmt: skip
    assert found["cache_dir"]["value"] == "/somewhere"
    assert found["words"] == {"key": "words", "value": None, "source": ""}
    assert run(folder, "config", "unset", "tagger").returncode == 0
    assert "does not set tagger" in run(folder, "config", "unset", "tagger").stderr
    assert list(tomllib.loads(file.read_text())) == ["albums", "contact"]


def test_the_table_for_people_fits_80_columns_and_hides_keys(folder: Path) -> None:
    run(folder, "config", "set", "clarifai_pat", "do-not-tell")
    answer = run(
        folder, "config", "show",
        SPOTIPY_CLIENT_SECRET="do-not-tell", SPOTITAGS_MUSICBRAINZ_URL="https://me:do-not-tell@mirror.example",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "do-not-tell" not in answer.stdout + answer.stderr
    assert answer.stdout.count("(hidden)") == 3
    assert (
        shown(folder, SPOTITAGS_MUSICBRAINZ_URL="https://me:do-not-tell@mirror.example")["musicbrainz_url"][
            "value"
        ]
        == "https://(hidden)@mirror.example"
    )
    assert "config.toml, line 1" in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 80
    assert "do-not-tell" not in run(folder, "config", "show", "--json").stdout


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["set", "catalogue", "x"], 2, "there is no setting 'catalogue'"),
        (["set", "albums", "five"], 1, "albums must be a whole number"),
        (["set", "albums", "0"], 1, "albums must be at least 1"),
        (["set", "market", "Germany"], 1, "market is invalid"),
        (["set", "contact", "me"], 1, "neither an e-mail nor a web address"),
        (["unset", "catalogue"], 2, "there is no setting"),
    ],
)
def test_wrong_settings_are_not_written(folder: Path, args: list[str], code: int, word: str) -> None:
    answer = run(folder, "config", *args)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert word in answer.stderr
    assert not folder.exists()


def test_a_wrong_file_is_named_and_can_be_corrected(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / "config.toml").write_text("# mine\ncatalogue = 'library'\nalbums = 5\n")
    covers = manifest(tmp_path / "covers", {"x": "fire"}, covers=1, first_seed=8000)
    answer = run(folder, "tag", "--manifest", covers, "--tagger", "lite")
    assert answer.returncode == 1
    assert f"{folder / 'config.toml'}, line 2: unknown setting 'catalogue'" in answer.stderr
    assert run(folder, "config", "unset", "catalogue").returncode == 0
    assert (folder / "config.toml").read_text() == "# mine\nalbums = 5\n"
    assert run(folder, "tag", "--manifest", covers, "--tagger", "lite").returncode == 0


def test_options_beat_the_environment_which_beats_the_file(folder: Path) -> None:
    def covers(*args: str, **environment: str) -> int:
        answer = run(folder, "tag", "-a", METALLICA, "--offline", "--json", *args, **environment)
        return int(json.loads(answer.stdout)["covers"]["used"])

    assert covers() == 10
    run(folder, "config", "set", "albums", "3")
    assert covers() == 3
    assert covers(SPOTITAGS_ALBUMS="4") == 4
    assert covers("--albums", "2", SPOTITAGS_ALBUMS="4") == 2


def test_a_configured_catalogue_gives_way_to_given_covers(folder: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path / "covers", {"x": "fire"}, covers=1, first_seed=8100)
    run(folder, "config", "set", "catalog", "library")
    assert "catalog library: requested" in run(folder, "tag", "-v", "-a", METALLICA).stderr
    answer = run(folder, "tag", "--manifest", path, "--tagger", "lite")
    assert answer.returncode == 0, answer.stderr
    assert run(folder, "sample", path, "--out", tmp_path / "x.png").returncode == 0
    assert run(folder, "tag", "--manifest", path, "--catalog", "library").returncode == 2


def test_configured_tagger_and_words_are_for_covers_only(folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("sunset glow\nsoft colours\n")
    path = manifest(tmp_path / "covers", {"x": "fire"}, covers=1, first_seed=8200)
    run(folder, "config", "set", "words", str(words))
    run(folder, "config", "set", "tagger", "lite")
    answer = run(folder, "tag", "--manifest", path, "--json", "--verbose")
    given = spotitags(
        "tag", "--manifest", path, "--tagger", "lite", "--words", words, "--json", home=tmp_path
    )
    assert answer.stdout == given.stdout
    assert "sunset glow" in answer.stdout
    assert "tagger lite: requested" in answer.stderr
    answer = run(folder, "tag", "-a", METALLICA, "--offline")
    assert answer.returncode == 0
    assert "the configured tagger and words cannot be used with covers that are tagged" in answer.stderr


def test_a_value_may_come_from_stdin(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_text("secret\n")
    with typed.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert run(folder, "config", "set", "clarifai_pat").returncode == 0
        assert "there is no value" in run(folder, "config", "set", "clarifai_pat").stderr
    assert tomllib.loads((folder / "config.toml").read_text()) == {"clarifai_pat": "secret"}


def test_a_contact_of_an_earlier_version_is_shown_and_removed(folder: Path) -> None:
    folder.mkdir()
    (folder / "contact").write_text("old@example.org\n")
    assert shown(folder)["contact"]["source"] == str(folder / "contact")
    assert run(folder, "config", "unset", "contact").returncode == 0
    assert shown(folder)["contact"]["value"] is None


def test_a_variable_that_hides_the_file_is_reported(folder: Path) -> None:
    answer = run(folder, "config", "set", "albums", "5", SPOTITAGS_ALBUMS="7")
    assert "warning: SPOTITAGS_ALBUMS in the environment is used instead" in answer.stderr
