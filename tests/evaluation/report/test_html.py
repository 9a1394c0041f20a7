from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from helpers.evaluations import OUTSIDERS, run
from helpers.svg import SVG, parsed

from spotitags.errors import InputError
from spotitags.evaluation.evaluate import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVIL = 'k-pop</title><script>alert("x")</script> $1 & $dataset'


class Page(HTMLParser):
    """The tags, ids and addresses of a page, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href"}]
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def report(out: Path) -> tuple[str, Page]:
    text = (out / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    return text, page


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Files of one report."""
    return write(run(), tmp_path_factory.mktemp("report"))


def test_the_report_is_one_file_that_loads_nothing(written: Sequence[Path]) -> None:
    assert [file.name for file in written[:2]] == ["scores.json", "report.html"]
    text, page = report(written[0].parent)
    assert "http" not in re.sub(r'(?:xmlns(?::\w+)?|http-equiv)="[^"]*"', "", text).replace("http-equiv", "")
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert "script" not in page.tags
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text
    assert "currentColor" in text


def test_every_figure_is_on_the_page_and_in_a_file_that_other_programs_read(written: Sequence[Path]) -> None:
    text, page = report(written[0].parent)
    names = [file.stem for file in written if file.suffix == ".svg"]
    assert names == [
        "confusion", "roc-1-jazz", "roc-2-metal", "roc-3-pop", "reliability", "curve-artists", "curve-covers",
    ]  # fmt: skip
    assert page.tags.count("svg") == page.tags.count("figure") == len(names)
    for file in written:
        if file.suffix == ".svg":
            image = parsed(file.read_text(encoding="utf-8"))
            assert image.tag == f"{SVG}svg"
            assert float(image.attrib["width"]) >= 600
            assert image.attrib["aria-labelledby"] == f"{file.stem}-title"
            assert image.findtext(f"{SVG}title")
            assert re.search(r"\d\.\d\d", str(image.findtext(f"{SVG}desc")))
    for value in ("ensemble", "lite all good", "jazz against metal", "seed 0"):
        assert value in text


def test_text_from_outside_is_text(tmp_path: Path) -> None:
    found = run(genres=("jazz", EVIL, "$pop$\x1b[31m")) | {"dataset": EVIL}
    write(found, tmp_path)
    text, page = report(tmp_path)
    assert "script" not in page.tags
    assert page.tags.count("html") == 1
    assert not any("<" in title for title in re.findall(r"<title>(.*?)</title>", text))
    assert "alert(&quot;x&quot;)" in text
    for file in tmp_path.glob("*.svg"):
        assert parsed(file.read_text(encoding="utf-8")).find(f".//{SVG}script") is None


def test_equal_scores_give_equal_files_and_two_genres_have_one_roc(tmp_path: Path) -> None:
    found = run(genres=("jazz", "metal"))
    first, second = write(found, tmp_path / "a"), write(found, tmp_path / "b")
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert [file.name for file in first if file.name.startswith("roc")] == ["roc-1-jazz.svg"]


def test_without_curves_the_report_goes_without_them(tmp_path: Path) -> None:
    found = run(curve_repeats=0)
    found["curves"] |= {"artists": [], "covers": []}
    names = [file.name for file in write(found, tmp_path)]
    assert "reliability.svg" in names
    assert not any(name.startswith("curve") for name in names)


def test_the_answer_none_of_these_is_a_section_where_it_was_evaluated(tmp_path: Path) -> None:
    write(run() | {"outsiders": OUTSIDERS}, tmp_path)
    text, _ = report(tmp_path)
    section = text.partition("<h2>None of these genres</h2>")[2].partition("<h2>")[0]
    assert "<td>music</td><td>1,178</td><td>26%</td><td>0.59</td>" in section
    assert "Of the 24 artists of these genres, 4% got" in section
    for found in (run(), run() | {"outsiders": None}):
        write(found, tmp_path)
        assert "None of these genres" not in report(tmp_path)[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another --out"):
        write(run(), tmp_path / "file")
