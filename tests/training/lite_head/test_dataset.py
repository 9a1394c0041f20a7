"""The data for the training of lite's head is validated before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.covers import clock

from spotitags.errors import InputError
from spotitags.training.lite_head.captions import MANIFEST
from spotitags.training.lite_head.dataset import build_dataset

if TYPE_CHECKING:
    from pathlib import Path


def test_covers_without_descriptions_are_refused(tmp_path: Path) -> None:
    clock().save(tmp_path / "a.png")
    (tmp_path / MANIFEST).write_text("file,set,text\na.png,flickr8k,A clock .\n", "utf-8")
    (tmp_path / "covers.csv").write_text("file\na.png\n", "utf-8")
    with pytest.raises(InputError, match="0 of the covers are described"):
        build_dataset(tmp_path, [tmp_path / "covers.csv"], tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_missing_covers_are_named(tmp_path: Path) -> None:
    clock().save(tmp_path / "a.png")
    (tmp_path / MANIFEST).write_text("file,set,text\na.png,flickr8k,A clock .\n", "utf-8")
    (tmp_path / "covers.csv").write_text("file\nb.png\n", "utf-8")
    with pytest.raises(InputError, match=r"b\.png cannot be read"):
        build_dataset(tmp_path, [tmp_path / "covers.csv"], tmp_path / "cache")
