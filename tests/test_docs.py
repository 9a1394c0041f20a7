"""Modules, classes and files that the documentation names exist."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *(ROOT / "docs").glob("*.md")]
)
NAME = re.compile(r"(?<![\w./-])(?:spotitags|classifiers)(?:\.\w+)+(?![\w/*])")
PATH = re.compile(
    r"(?<![\w./-])(?:spotitags|classifiers|tests|docs|benchmarks|fixtures)(?:/[\w.-]+)*/?(?=[\s`)#:;,*])"
)
LINK = re.compile(r"\]\(([\w./-]*)#([\w-]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_modules_and_classes_exist(page: Path) -> None:
    for name in set(NAME.findall(page.read_text(encoding="utf-8"))):
        if not name.endswith((".onnx", ".json")) and not _is_method_of_an_instance(name):
            resolve(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    for path in PATH.findall(page.read_text(encoding="utf-8")):
        if "/" in path:
            assert (ROOT / path.rstrip(".")).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_exist(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        text = (page.parent / target if target else page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert anchor in {slug(heading) for heading in headings}, f"{target}#{anchor}"


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name}" in index, page.name


def test_results_end_with_what_was_tried() -> None:
    results, tried = (ROOT / "docs" / name for name in ("results.md", "tried.md"))
    assert results.read_text(encoding="utf-8").endswith(tried.read_text(encoding="utf-8"))


def resolve(name: str) -> object:
    """Import the longest module of a dotted name, and get the rest from it."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        return reduce(getattr, parts[end:], module)
    raise AssertionError(name)


def slug(heading: str) -> str:
    """Anchor of a heading as GitHub writes it."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-")


def _is_method_of_an_instance(name: str) -> bool:
    """True for ``spotitags.tag(...)`` and the like in examples, where ``spotitags`` is an instance."""
    return name in {
        f"spotitags.{method}" for method in ("tag", "bag", "all_bags", "predict", "predictions", "frame")
    }
