from __future__ import annotations

import csv
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.manifests import STYLES, cover
from PIL import Image

from spotitags.errors import InputError
from spotitags.taggers.features.embedding import unpack
from spotitags.taggers.lite import LiteTagger
from spotitags.training import build_references
from spotitags.training.build_references import build, draw_blanks

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"fire": "music", "sea": "music", "moss": "pictures"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A hundredth of the covers."""
    monkeypatch.setattr(build_references, "COVERS_PER_KIND", {"music": 3, "pictures": 2})
    monkeypatch.setattr(build_references, "GROUP", 2)
    monkeypatch.setattr(build_references, "BLANKS", 2)
    monkeypatch.setattr(build_references, "SHRUNK", 2)
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", str(tmp_path / "cache"))


def table(path: Path, *rows: tuple[str, ...]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    rows = [("file", "kind", "category")]
    for number, (style, seed) in enumerate(product(STYLES, range(4))):
        file = tmp_path / f"{style}-{seed}.jpg"
        file.write_bytes(cover(style, number, size=60))
        rows.append((file.name, style, KINDS[style]))
    return table(tmp_path / "covers.csv", *rows)


@pytest.mark.usefixtures("few")
def test_covers_are_drawn_embedded_and_written_with_blanks_and_directions(
    covers: Path, tmp_path: Path
) -> None:
    shrunk = table(tmp_path / "shrunk.csv", ("file",), *((f"{style}-0.jpg",) for style in STYLES))
    summaries = [build(covers, shrunk, tmp_path / name) for name in ("a.npz", "b.npz")]
    assert summaries[0] == f"{tmp_path / 'a.npz'}: 14 covers of 6 kinds"
    with np.load(tmp_path / "a.npz") as first, np.load(tmp_path / "b.npz") as second:
        assert set(first) == set(second)
        assert all((first[name] == second[name]).all() for name in first), "equal covers, equal references"
        data = dict(first)
    assert str(data["version"]) == LiteTagger(tmp_path).version
    assert data["kinds"].tolist() == ["fire", "moss", "sea", "plain", "stripes", "shapes"]
    assert data["categories"].tolist() == ["music", "pictures", "music", *["blanks"] * 3]
    assert np.bincount(data["kind"]).tolist() == [3, 2, 3, 2, 2, 2]
    assert data["artist"][data["kind"] == 0].tolist() == [0, 0, 1], "groups of two covers"
    assert set(map(len, data["digests"].tolist())) == {16}
    embeddings, directions = unpack(data["covers"]), data["size_directions"]
    assert embeddings.shape == (14, directions.shape[1])
    assert np.isfinite(embeddings).all()
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-5)


@pytest.mark.usefixtures("few")
def test_a_category_that_does_not_exist_is_an_error_with_its_line(covers: Path, tmp_path: Path) -> None:
    with covers.open("a", encoding="utf-8") as file:
        file.write("fire-0.jpg,fire,musik\n")
    with pytest.raises(InputError, match=r"line 14, column 'category': there is no category 'musik'; use mu"):
        build(covers, covers, tmp_path / "out.npz")
    assert not (tmp_path / "out.npz").exists()


def test_blanks_are_square_pictures_of_at_most_two_colours(tmp_path: Path) -> None:
    drawn = list(draw_blanks(tmp_path))
    assert [(name, category, len(files)) for name, category, files in drawn] == [
        (name, "blanks", build_references.BLANKS) for name in ("plain", "stripes", "shapes")
    ]
    for name, _, files in drawn:
        for file in files:
            with Image.open(file) as image:
                colours = image.getcolors()
                assert image.size == (300, 300)
            assert colours
            assert len(colours) <= (1 if name == "plain" else 2)
    with Image.open(tmp_path / "plain-0.png") as black, Image.open(tmp_path / "plain-1.png") as white:
        assert (black.getpixel((9, 9)), white.getpixel((9, 9))) == ((0, 0, 0), (255, 255, 255))


def test_another_seed_draws_other_blanks(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        folder.mkdir()
        list(draw_blanks(folder, seed=seed))
    first, again, other = ([file.read_bytes() for file in sorted(each.iterdir())] for each in folders)
    assert first == again
    assert sum(a != b for a, b in zip(first, other, strict=True)) > len(first) / 2
