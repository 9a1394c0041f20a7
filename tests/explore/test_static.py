"""Pages that open offline: one file, a strict policy, no picture where none is wanted, titles as data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from helpers.explored import HOSTILE, explored
from helpers.pages import Page

from spotitags.errors import InputError
from spotitags.explore.static import write_static

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.explore.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return explored(tmp_path_factory.mktemp("explore"), 24)


def test_one_file_needs_no_other(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    lines = list(write_static(store, out))
    text = out.read_text("utf-8")
    assert "written" in lines[0]
    assert "belong to their owners" in lines[1]
    page = Page(text)
    assert not [each for each in page.find("script") if each.get("src")]
    assert all(str(link["href"]).startswith("data:") for link in page.find("link"))
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_scripts_and_styles_are_those_that_the_policy_names(store: Store, tmp_path: Path) -> None:
    list(write_static(store, tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text("utf-8")
    (policy,) = (each["content"] for each in Page(text).find("meta") if each.get("http-equiv"))
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in str(policy)
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)


def test_titles_cannot_end_the_data(store: Store, tmp_path: Path) -> None:
    list(write_static(store, tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text("utf-8")
    assert HOSTILE not in text
    (content,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert HOSTILE in json.loads(content)["texts.json"]["title"]


def test_a_folder_has_a_picture_of_each_cover(store: Store, tmp_path: Path) -> None:
    list(write_static(store, tmp_path / "out"))
    assert (tmp_path / "out" / "index.html").exists()
    assert len(list((tmp_path / "out" / "pictures").iterdir())) == 24


def test_without_covers_no_picture_leaves_the_machine(store: Store, tmp_path: Path) -> None:
    lines = list(write_static(store, tmp_path / "out", covers=False))
    assert len(lines) == 1
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["index.html"]
    text = (tmp_path / "out" / "index.html").read_text("utf-8")
    sheet = base64.b64encode(store.read("atlas-0.webp")).decode()
    assert sheet not in text


def test_an_output_that_is_something_else_is_an_error(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="choose another --out"):
        list(write_static(store, tmp_path / "file"))
