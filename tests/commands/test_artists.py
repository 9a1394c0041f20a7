from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import read_screen, spotitags
from helpers.faulty_services import FaultyServices, serving
from helpers.servers import ARTIST, BAND, CONTACT, MusicBrainzReplay, SpotifyReplay

from spotitags.catalogs.arguments import read_artists
from spotitags.catalogs.base import Match
from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.catalogs.search import playlist, search
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.commands._contact import needs_contact, save_contact
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.settings import Settings

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
NOBODY = "0" * 22
KEYS = {"SPOTIPY_CLIENT_ID": "id", "SPOTIPY_CLIENT_SECRET": "secret"}


def test_artists_come_from_lines_or_a_csv_each_once(tmp_path: Path) -> None:
    lines = tmp_path / "ids.txt"
    lines.write_text(
        f"\ufeff{METALLICA}\n\n# later\n spotify:artist:{ARTIST} \n{METALLICA}\n", encoding="utf-8"
    )
    assert read_artists(CsvTable(lines)) == [METALLICA, f"spotify:artist:{ARTIST}"]
    table = tmp_path / "ids.csv"
    table.write_text(f'name, artist_id\n"Doe, J.",{ARTIST}\nMetallica,{METALLICA}\n', encoding="utf-8")
    assert read_artists(CsvTable(table)) == [ARTIST, METALLICA]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "lists no artist"),
        (b"# nobody\n\n", "lists no artist"),
        (b"artist_id\n", "lists nothing"),
        (b"id,who\n1,x\n", "column artist_id and no column file; a table of covers needs artist_id and file"),
        (b"id;who\n1;x\n", "the first line names id, who: .*--columns artist_id=NAME"),
        (b"artist_id,name\n,x\n", "line 2"),
        (b"\xff\xfea", "UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_file_without_artists_is_named(tmp_path: Path, data: bytes | None, word: str) -> None:
    path = tmp_path / "ids.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=word):
        read_artists(CsvTable(path))


def test_a_table_without_ids_lists_artists_by_name(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("genre,name\nmetal,Metallica\nmetal,Slayer\nmetal,Slayer\n")
    assert read_artists(CsvTable(tmp_path / "names.csv")) == ["Metallica", "Slayer"]


def test_one_of_the_name_hides_others_of_similar_names(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("artist", "search")
    assert search(musicbrainz.catalog(), "the FIXTURES") == [
        Match(BAND, "The Fixtures", "GB, 2006, made up for tests")
    ]
    assert len(search(musicbrainz.catalog(), "The Fixture")) == 2


def test_the_library_is_searched_without_a_network() -> None:
    (found,) = search(LibraryCatalog(), "metallica")
    assert found == Match(METALLICA, "Metallica", "metal")
    with pytest.raises(ArtistNotFoundError, match=r"no artist called 'Nobody'.*SPOTITAGS_CONTACT"):
        search(LibraryCatalog(), "Nobody")


def test_nobody_of_the_name_is_said(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("artist", "search_none")
    with pytest.raises(ArtistNotFoundError, match="check the spelling"):
        search(musicbrainz.catalog(), "Nobody")


@pytest.mark.parametrize("catalog", [LibraryCatalog(), SingleCovers("covers.csv")])
def test_playlists_are_spotify_s_alone(catalog: Catalog) -> None:
    with pytest.raises(InputError, match="--artists FILE"):
        playlist(catalog, "3SpotiTagsFixtureList0")


def test_a_catalogue_without_names_says_so(spotify: SpotifyReplay) -> None:
    class Nameless:
        name = "nameless"

        def albums(self, artist: str, limit: int) -> list[object]:
            raise NotImplementedError

    with pytest.raises(InputError, match="cannot search"):
        search(Nameless(), "x")  # type: ignore[arg-type]
    assert spotify.web.log == []


@pytest.mark.parametrize(
    ("catalog", "refs", "values", "manifest", "offline", "needed"),
    [
        ("auto", [METALLICA], {}, None, False, False),
        ("auto", [METALLICA, NOBODY], {}, None, False, True),
        ("auto", ["metallica"], {}, None, False, False),
        ("auto", ["Social Distortion"], {}, None, False, True),
        ("auto", ["bach", "Metalica", "frederic chopin"], {}, None, False, False),
        ("auto", [f"spotify:artist:{METALLICA}"], {}, None, False, False),
        ("auto", [NOBODY], {"contact": CONTACT}, None, False, False),
        ("auto", [NOBODY], KEYS, None, False, False),
        ("auto", [NOBODY], {}, Path("covers.csv"), False, False),
        ("auto", [NOBODY], {}, None, True, False),
        ("library", [NOBODY], {}, None, False, False),
        ("musicbrainz", [METALLICA], {}, None, False, True),
        ("musicbrainz", [METALLICA], KEYS, None, False, True),
    ],
)
def test_a_contact_is_asked_for_only_where_it_would_help(
    catalog: str,
    refs: list[str],
    values: dict[str, str],
    manifest: Path | None,
    *,
    offline: bool,
    needed: bool,
) -> None:
    settings = Settings.model_validate(values)
    assert needs_contact(settings, catalog, refs, manifest=manifest, offline=offline) is needed


def test_a_contact_is_kept_for_later_runs_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTITAGS_CONFIG_DIR", str(tmp_path / "new"))
    save_contact(CONTACT)
    assert Settings().contact == CONTACT
    monkeypatch.setenv("SPOTITAGS_CONTACT", "you@example.org")
    assert Settings().contact == "you@example.org"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPOTITAGS_CONFIG_DIR", str(tmp_path / "file" / "x"))
    with pytest.raises(InputError, match="SPOTITAGS_CONFIG_DIR"):
        save_contact(CONTACT)


def at_a_terminal(home: Path, services: FaultyServices, typed: bytes, *args: str) -> tuple[int, str, str]:
    """Run the command line with somebody at the keyboard: exit code, stdout, and what the screen shows."""
    ours, theirs = pty.openpty()
    mode = termios.tcgetattr(theirs)
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, mode)
    environment = services.environment()
    del environment["SPOTITAGS_CONTACT"]
    own = {"PATH": os.environ["PATH"], "HOME": str(home), "SPOTITAGS_CACHE_DIR": str(home / "cache")}
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *args],
        stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=own | environment | {"SPOTITAGS_CONFIG_DIR": str(home / "config")},
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, typed)
        out, _ = process.communicate(timeout=60)
    return process.returncode, out, read_screen(ours).decode()


def test_at_a_terminal_the_contact_is_asked_for_once(tmp_path: Path) -> None:
    args = ["predict", "--artist", "0BatchTestArtistNumbe2", "--tagger", "lite", "--json"]
    with serving(FaultyServices()) as services:
        code, out, screen = at_a_terminal(tmp_path, services, b"me@example.org\n", *args)
        assert code == 0, screen
        assert "requires a contact" in screen
        assert '"genre"' in out
        code, out, screen = at_a_terminal(tmp_path, services, b"", *args, "--verbose")
        assert code == 0
        assert "whom to write to" not in screen
        assert "catalog musicbrainz: a contact is set" in screen


def test_at_a_terminal_one_of_several_of_a_name_can_be_chosen(tmp_path: Path) -> None:
    args = ["tag", "--name", "Twins", "--catalog", "musicbrainz", "--tagger", "lite", "--json"]
    with serving(FaultyServices()) as services:
        code, out, screen = at_a_terminal(tmp_path, services, b"me@example.org\n9\n3\n", *args)
        assert code == 0, screen
        chosen = json.loads(out)["artist"]["id"]
        assert re.search(r"3  twins \(number 2\)", screen)
        assert f"artist {chosen}: twins (number 2)" in screen
        code, _, screen = at_a_terminal(tmp_path, services, b"0\n", *args)
        assert code == 1
        assert "none of the artists that fit 'Twins' was chosen" in screen
        run = spotitags(*args, home=tmp_path, **services.environment())
    assert run.returncode == 2
    (answer,) = map(json.loads, run.stdout.splitlines())
    assert answer["error"]["message"].startswith("3 artists fit the name 'Twins': give the id of one. ")
    for number in range(3):
        assert f"twins (number {number})" in run.stderr
    assert chosen in run.stderr


def test_at_a_terminal_a_similar_name_is_offered(tmp_path: Path) -> None:
    args = ["tag", "Metalica", "--json", "--top", "1"]
    with serving(FaultyServices()) as services:
        code, out, screen = at_a_terminal(tmp_path, services, b"1\n", *args)
        assert code == 0, screen
        assert json.loads(out)["artist"] == {"id": METALLICA, "name": "Metallica"}
        assert "no artist is called 'Metalica'. Which one did you mean?" in screen
        assert re.search(r"1  Metallica \(metal\)", screen)
        code, out, screen = at_a_terminal(tmp_path, services, b"0\n", *args)
    assert code == 1
    assert "did you mean Metallica?" in " ".join(screen.split())
    assert json.loads(out)["error"]["type"] == "ArtistNotFoundError"


def test_at_a_terminal_nonsense_is_not_kept_as_a_contact(tmp_path: Path) -> None:
    with serving(FaultyServices()) as services:
        code, _, screen = at_a_terminal(tmp_path, services, b"me\n", "predict", "--artist", NOBODY)
    assert code == 1
    assert "neither an e-mail nor a web address" in screen
    assert not (tmp_path / "config").exists()
