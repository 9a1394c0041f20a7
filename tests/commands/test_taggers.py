"""Which taggers are installed, as a user and as a program sees it; other packages' with the rest."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from helpers.manifests import manifest
from helpers.packages import install_broken, install_example
from rich.console import Console

from spotitags.commands.taggers import taggers_table
from spotitags.errors import TaggerError
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.taggers.registry import (
    FREE,
    UNKNOWN,
    InstalledTagger,
    installed_taggers,
    tagger_class,
    tagger_names,
)

if TYPE_CHECKING:
    from pathlib import Path

Run = subprocess.CompletedProcess[str]


def spotitags(site: Path, home: Path, *args: str) -> Run:
    """The command line where ``site`` is installed, too."""
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment |= {"PYTHONPATH": str(site), "SPOTITAGS_CACHE_DIR": str(home), "HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "cli", *args],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        env=environment | {"PYTHONUTF8": "1", "COLUMNS": "80"},
    )  # fmt: skip


def listed(run: Run) -> dict[str, dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    return {row["name"]: row for row in map(json.loads, run.stdout.splitlines())}


def test_every_tagger_of_ours_says_what_it_needs_and_what_it_costs(tmp_path: Path) -> None:
    found = {tagger.name: tagger for tagger in installed_taggers(TaggerOptions(tmp_path, device="cpu"))}
    assert found.keys() == {"clarifai", "clip", "google-vision", "lite", "text"}
    assert all(tagger.package == "spotitags" for tagger in found.values())
    assert all(tagger.ready or tagger.remedy for tagger in found.values())
    assert found["lite"].ready
    assert found["lite"].cost == found["clip"].cost == FREE
    assert "billed" in found["clarifai"].cost
    assert "billed" in found["google-vision"].cost
    assert not found["clarifai"].ready


def test_another_package_s_tagger_is_listed_and_runs(tmp_path: Path) -> None:
    site = install_example(tmp_path / "site")
    found = listed(spotitags(site, tmp_path, "taggers", "--json"))
    assert found["example"] == {
        "name": "example", "package": "spotitags-example-tagger", "ready": True,
        "reason": "needs nothing but pixels", "remedy": "", "cost": "free",
    }  # fmt: skip
    assert {"clip", "lite"} <= found.keys()

    covers = manifest(tmp_path / "covers", {"a": "sea"}, covers=2)
    run = spotitags(site, tmp_path, "tag", "--manifest", str(covers), "--tagger", "example", "--json")
    assert run.returncode == 0, run.stderr
    tags = {tag["label"]: tag["weight"] for tag in json.loads(run.stdout)["tags"]}
    assert set(tags) == {"dark", "light"}
    assert sum(tags.values()) == pytest.approx(2, abs=1e-3)


def test_who_cannot_be_asked_drops_out_and_another_package_s_tagger_goes_on(tmp_path: Path) -> None:
    site = install_example(tmp_path / "site")
    covers = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"}, covers=2)
    asked = ("tag", "--manifest", str(covers), "-t", "clarifai", "-t", "example", "--merge", "--json")
    run = spotitags(site, tmp_path, *asked)
    assert run.returncode == 0, run.stderr
    for answer in map(json.loads, run.stdout.splitlines()):
        assert {tag["tagger"] for tag in answer["tags"]} == {"example"}
        (missing,) = answer["missing"]
        assert missing["tagger"] == "clarifai"
        assert "CLARIFAI_PAT" in missing["reason"]
    assert run.stderr.count("warning: the tagger clarifai drops out, example continues: ") == 1

    limited = spotitags(site, tmp_path, *asked, "--max-calls", "0")
    assert limited.returncode == 0, limited.stderr
    assert "4 covers left untagged after 0 paid calls" in limited.stderr
    offline = spotitags(site, tmp_path, "tag", "--manifest", str(covers), "-t", "clarifai", "--offline")
    assert offline.returncode == 1
    assert offline.stderr.count("--offline forbids paid calls: leave it out to continue") == 3


def test_a_package_that_cannot_be_loaded_is_named_and_breaks_nothing(tmp_path: Path) -> None:
    site = install_broken(tmp_path / "site")
    found = listed(spotitags(site, tmp_path, "taggers", "--json"))
    for name, word in (("absent", "no_such_module"), ("quits", "Quits"), ("moody", "not today")):
        assert not found[name]["ready"]
        assert word in found[name]["reason"]
        assert found[name]["remedy"] == "fix or uninstall the package broken-taggers"
        assert found[name]["cost"] == UNKNOWN
    assert found["lite"]["package"] == "spotitags", "nobody takes the place of one of ours"
    assert found["lite"]["ready"]

    covers = manifest(tmp_path / "covers", {"a": "sea"}, covers=1)
    run = spotitags(site, tmp_path, "tag", "--manifest", str(covers), "--tagger", "absent")
    assert run.returncode == 1
    assert "error: the tagger absent cannot be loaded (ModuleNotFoundError" in run.stderr
    assert "package broken-taggers" in run.stderr
    assert "Traceback" not in run.stderr


def test_taggers_of_packages_on_the_path_are_found_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(install_broken(tmp_path / "site")))
    assert {"absent", "lite", "moody", "quits"} <= set(tagger_names())
    assert tagger_class("lite") is LiteTagger
    with pytest.raises(TaggerError, match="broken-taggers"):
        tagger_class("absent")


def test_a_person_sees_all_of_it_within_80_columns() -> None:
    file = io.StringIO()
    rows = [
        InstalledTagger("lite", "spotitags", ready=True, reason="runs", remedy="", cost=FREE),
        InstalledTagger(
            "dear", "their-package", ready=False, reason="no key", remedy="set one", cost="1 $ a call"
        ),
    ]
    Console(file=file, width=80).print(taggers_table(rows))
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert lines[1:] == [
        "ok  lite           runs",
        "                   free",
        "--  dear           no key",
        "    their-package  set one",
        "                   1 $ a call",
    ]
