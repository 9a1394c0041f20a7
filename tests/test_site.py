"""The documentation as a site: its pages, the generated ones included, and its navigation."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from spotitags.commands import app

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!https?:|mailto:|data:)([^)#]+)")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return {name: build.with_links_inside(text) for name, text in build.pages().items()}


def test_the_navigation_has_every_page_once(pages: dict[str, str]) -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))

    def listed(entry: Any) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        return [
            name for each in (entry.values() if isinstance(entry, dict) else entry) for name in listed(each)
        ]

    assert sorted(listed(site["project"]["nav"])) == sorted(pages)


def test_links_stay_in_the_site(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        for link in LINK.findall(re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text)):
            assert link in pages or (ROOT / "docs" / link).is_file(), f"{name}: {link}"


def test_the_reference_has_every_command_and_option(pages: dict[str, str]) -> None:
    reference = pages["cli.md"]

    def check(command: Any, name: str) -> None:
        for part, child in getattr(command, "commands", {}).items():
            if not child.hidden:
                assert f" {name} {part}\n" in reference
                check(child, f"{name} {part}")
                section = reference.partition(f" {name} {part}\n")[2]
                shown = [
                    each for each in child.params if each.param_type_name == "option" and not each.hidden
                ]
                assert all(f"`{option.opts[0]}`" in section for option in shown)

    check(typer.main.get_command(app), "spotitags")
    assert "| `--offline` |" in reference


def test_the_notebook_shows_its_results(pages: dict[str, str]) -> None:
    assert pages["notebook.md"].count('<img alt="" src="data:image/jpeg;base64,') == 2
    assert "sunset band 5" in pages["notebook.md"]
