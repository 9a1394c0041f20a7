"""Docstrings of modules and classes name their object; they do not begin with a relative clause."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
RIDDLES = frozenset({"what", "who", "whom", "whoever", "whether"})


def riddles(text: str) -> Iterator[int]:
    """Lines of a module's and its classes' docstrings whose first word is one of `RIDDLES`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef) and (docstring := ast.get_docstring(node)):
            first = docstring.split(maxsplit=1)[0].strip("`'\"*_,.:;").lower()
            if first in RIDDLES:
                yield node.body[0].lineno


def test_docstrings_of_modules_and_classes_name_their_object() -> None:
    files = [file for package in ("spotitags", "classifiers") for file in (ROOT / package).rglob("*.py")]
    assert len(files) > 50
    assert [
        f"{file.relative_to(ROOT)}:{line}"
        for file in sorted(files)
        for line in riddles(file.read_text(encoding="utf-8"))
    ] == []


def test_riddles_are_found_in_modules_and_classes_alone() -> None:
    text = '''"""What this does."""
class Reader:
    """Whoever reads."""
    def read(self):
        """Whether it was read."""
class Writer:
    """Writer of what was read."""
'''
    assert list(riddles(text)) == [1, 3]
