from __future__ import annotations

import io
import socket
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from rich.console import Console

from spotitags.commands._checks import EXTRAS, Check, checks_table, examine, reach
from spotitags.commands._checks import verdict as compose_verdict
from spotitags.errors import install_extra
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def found(checks: list[Check]) -> dict[str, Check]:
    return {f"{check.area} {check.name}".strip(): check for check in checks}


def test_every_gap_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))
    checks = examine(Settings(cache_dir=tmp_path), offline=True)
    assert all(check.remedy for check in checks if not check.ok)
    by_name = found(checks)
    assert not by_name["key SPOTIPY_CLIENT_ID"].ok
    assert not by_name["weights of clip"].ok
    assert by_name["tagger lite"].ok
    assert by_name["library"].found.startswith("83 artists")
    assert by_name["model bundled"].found.startswith("knows classical, country (also country and western), ")
    assert "GPU" in by_name
    assert not any(check.area == "network" for check in checks)


def test_the_verdict_names_what_works_now_in_one_line(tmp_path: Path) -> None:
    def verdict(**settings: Any) -> Check:
        return examine(Settings(cache_dir=tmp_path, **settings), offline=True)[0]

    assert verdict().ok
    assert verdict().found.startswith("works now: predict --offline, --manifest; tagger")
    assert verdict().found.endswith("; training")
    assert "--catalog musicbrainz" in verdict(contact="me@example.org").found
    assert "--catalog spotify" not in verdict(spotify_client_id="id").found
    both = {"spotify_client_id": "id", "spotify_client_secret": SecretStr("secret")}
    assert "--catalog spotify" in verdict(**both).found
    gap = Check("package", "scikit-learn", ok=False, found="not installed", extra="train")
    lite = Check("tagger", "lite", ok=True, found="")
    assert compose_verdict([lite, gap]).found == "works now: predict --manifest; tagger lite"
    unreachable = [
        Check("contact", "SPOTITAGS_CONTACT", ok=True, found="set"),
        Check("network", "MusicBrainz", ok=False, found="timed out"),
    ]
    assert "musicbrainz" not in compose_verdict([lite, *unreachable]).found
    nothing = compose_verdict([lite._replace(ok=False)])
    assert (nothing.ok, nothing.found) == (False, "nothing works")


def test_every_extra_of_the_package_is_checked(tmp_path: Path) -> None:
    declared = set(metadata("spotitags").get_all("Provides-Extra") or ())
    assert set(EXTRAS) == declared - {"test", "lint"}
    checks = examine(Settings(cache_dir=tmp_path), offline=True)
    checked = {check.extra: check for check in checks if check.area == "package"}
    assert set(EXTRAS) <= set(checked)
    assert all(check.ok for check in checked.values())


def test_a_missing_extra_is_one_row_with_its_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str) -> str:
        if name in {"torch", "open-clip-torch", "clarifai-grpc"}:
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr("spotitags.commands._checks.version", without)
    file = io.StringIO()
    checks = examine(Settings(cache_dir=tmp_path), offline=True)
    Console(file=file, width=200).print(checks_table(checks, 200))
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    clip = next(number for number, line in enumerate(lines) if "extra clip" in line)
    assert lines[clip].startswith("--  extra clip")
    assert lines[clip].endswith("no open-clip-torch, torch")
    assert lines[clip + 1].strip() == f"only for --tagger clip: {install_extra('clip')}"
    assert not any("tagger clarifai" in line for line in lines if line.startswith("--"))
    assert sum(install_extra("clarifai") in line for line in lines) == 1
    assert any(line.startswith("--    key CLARIFAI_PAT") for line in lines)
    assert any(line.startswith("ok  extra train") for line in lines)


def test_a_key_that_is_set_is_said_to_be_set_and_no_more(tmp_path: Path) -> None:
    settings = Settings.model_validate({"SPOTIPY_CLIENT_SECRET": "do-not-tell", "cache_dir": tmp_path})
    checks = examine(settings, offline=True)
    assert found(checks)["key SPOTIPY_CLIENT_SECRET"].found == "set"
    assert "do-not-tell" not in repr(checks)


def test_keys_of_paid_taggers_are_looked_at_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    values = {"clarifai_pat": "do-not-tell", "google_credentials": file, "cache_dir": tmp_path}
    by_name = found(examine(Settings.model_validate(values), offline=True))
    assert by_name["key CLARIFAI_PAT"].found == "set"
    assert by_name["tagger clarifai"].ok
    assert by_name["package clarifai-grpc"].ok
    assert by_name["key GOOGLE_APPLICATION_CREDENTIALS"].found == f"there is no file {file}"
    assert not by_name["tagger google-vision"].ok
    file.write_text("do-not-tell")
    by_name = found(examine(Settings.model_validate(values), offline=True))
    assert by_name["key GOOGLE_APPLICATION_CREDENTIALS"].ok
    assert by_name["tagger google-vision"].ok
    assert "do-not-tell" not in repr(by_name)


def test_a_contact_is_looked_at(tmp_path: Path) -> None:
    def contact(value: str | None) -> Check:
        settings = Settings(cache_dir=tmp_path, contact=value)
        return found(examine(settings, offline=True))["contact SPOTITAGS_CONTACT"]

    assert "me@example.org" in contact("me@example.org").found
    assert not contact("me").ok
    assert not contact(None).ok
    assert "--catalog musicbrainz" in contact(None).remedy


def test_a_host_answers_or_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reach("Spotify", "127.0.0.1", port).ok
    gone = reach("Spotify", "127.0.0.1", port)
    assert not gone.ok
    assert gone.found.startswith("127.0.0.1: ")
    assert gone.remedy


def test_a_cache_that_cannot_be_used_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "cache.db").write_bytes(b"no database" * 1000)
    check = found(examine(Settings(cache_dir=tmp_path), offline=True))["cache"]
    assert not check.ok
    assert "cannot be used" in check.found


def test_a_person_sees_what_to_do_below_what_was_found() -> None:
    file = io.StringIO()
    checks = [
        Check("key", "K", ok=False, found="not set", remedy="set it"),
        Check("x", "", ok=True, found="[b]here"),
    ]
    Console(file=file, width=80).print(checks_table(checks))
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert lines[1:] == ["--  key K  not set", "           set it", "ok  x      [b]here"]


def test_a_long_path_is_whole_at_any_width(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces" / ("of-a-long-name" * 2)
    checks = examine(Settings(cache_dir=folder), offline=True)
    for width in (60, 80, 120, 200):
        file = io.StringIO()
        Console(file=file, width=width).print(checks_table(checks, width), crop=False)
        for word in f"{folder},".split():
            assert word in file.getvalue().split()
