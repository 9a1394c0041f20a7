"""README and docs say what is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from mktestdocs import check_md_file

from spotitags.catalogs.library.catalog import LibraryCatalog

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *(ROOT / "docs").glob("*.md")]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", str(tmp_path))
    check_md_file(fpath=page, memory=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not link.startswith(("https://", "http://")):
            assert (page.parent / link).exists(), link


def test_readme_opens_with_its_two_commands_and_an_artist_the_model_never_saw() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^pip install uv && uv run .*$", text, re.MULTILINE)
    assert len(commands) == 2
    (artist,) = re.findall(r"--artist (\w+) --offline$", commands[0])
    library = LibraryCatalog()
    assert artist in library.held_out
    assert f"one of the {len(library.artists())} artists" in text


def test_readme_shows_what_its_first_command_prints(tmp_path: Path) -> None:
    """``python docs/make_pictures.py prediction`` draws the picture again."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"uv run spotitags (predict .*--offline)$", text, re.MULTILINE)
    (picture,) = re.findall(r"The first prints.*?\]\((\S+\.svg)\)", text, re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-m", "cli", *command.split()],
        capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT, timeout=60,
        env=os.environ | {"COLUMNS": "80", "SPOTITAGS_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert [line.rstrip() for line in run.stdout.strip().splitlines()] == svg_lines(ROOT / picture)


def svg_lines(picture: Path) -> list[str]:
    """Read the lines of a terminal's picture: texts at the same height, in columns of 12.2 units."""
    lines: dict[float, str] = {}
    for text in ET.parse(picture).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314  (our own file)
        if "clip-path" in text.attrib:
            height, column = float(text.attrib["y"]), round(float(text.attrib["x"]) / 12.2)
            lines[height] = lines.get(height, "").ljust(column) + (text.text or "").replace("\xa0", " ")
    return [lines[height].rstrip() for height in sorted(lines)]


def test_readme_is_short_and_shows_two_pictures_that_load_nothing() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 90
    pictures = re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", text)
    assert len(pictures) == 2
    for picture in pictures:
        assert b"url(http" not in (ROOT / picture).read_bytes()
        assert b"@import" not in (ROOT / picture).read_bytes()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_is_left_to_be_filled_in(page: Path) -> None:
    assert not re.search(r"@@|TODO|FIXME|XXX", page.read_text(encoding="utf-8"))
