"""HTML elements that the pages share; all text from outside is escaped."""

from __future__ import annotations

import html
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def fill(package: str, name: str, values: dict[str, str]) -> str:
    """Fill a page's template, which continues ``head.html`` within its style sheet.

    Args:
        package: Package with the template.
        name: File name of the template.
        values: HTML for each placeholder.
    """
    parts = (files("spotitags.evaluation.report") / "head.html", files(package) / name)
    template = "".join(part.read_text(encoding="utf-8") for part in parts)
    return Template(template).substitute(values)


def escaped(text: str) -> str:
    """Escape text from outside for HTML; control characters, which could turn the writing, become spaces."""
    return html.escape(plain(text))


def cells(tag: str, texts: Iterable[str], css_class: str = "") -> str:
    """Cells of one row, ``th`` or ``td``."""
    opening = f'<{tag} class="{css_class}">' if css_class else f"<{tag}>"
    return "".join(f"{opening}{escaped(text)}</{tag}>" for text in texts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of text that scrolls where it is too wide."""
    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells("th", head)}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def items(lines: Iterable[str]) -> str:
    """Items of a list."""
    return "\n".join(f"<li>{escaped(line)}</li>" for line in lines)
