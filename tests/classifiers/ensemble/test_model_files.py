"""Files of a model; `tests/faults/test_models.py` has those that are refused."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest
from helpers.model_files import copy_model

from classifiers.ensemble.model_files import MAX_CARD_BYTES, load_voters, read_card
from classifiers.errors import ModelFileError

BUNDLED = Path(str(files("classifiers").joinpath("models", "lite")))


@pytest.fixture
def stem(tmp_path: Path) -> Path:
    return copy_model(BUNDLED, tmp_path)


def test_optional_voters_are_checked_with_their_own_graph(stem: Path) -> None:
    assert len(load_voters(*read_card(stem), ["colour-boost", "colour-knn"])) == 2
    Path(f"{stem}.optional.onnx").write_bytes(b"another")
    assert len(load_voters(*read_card(stem), [])) == 1
    with pytest.raises(ModelFileError, match=r"m\.optional\.onnx is not the graph that m\.json describes"):
        load_voters(*read_card(stem), ["colour-knn"])


def test_a_link_to_a_file_is_followed(stem: Path) -> None:
    graph = Path(f"{stem}.onnx")
    graph.rename(stem.parent / "elsewhere")
    graph.symlink_to(stem.parent / "elsewhere")
    assert load_voters(*read_card(stem), [])


def test_a_card_that_is_too_large_is_not_read(stem: Path) -> None:
    os.truncate(f"{stem}.json", MAX_CARD_BYTES + 1)
    with pytest.raises(ModelFileError, match=rf"m\.json .*more than {MAX_CARD_BYTES} bytes"):
        read_card(stem)


@pytest.mark.parametrize("name", ["none", "a\0b"])
def test_a_path_without_a_model_says_what_a_model_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelFileError, match=r"a \.onnx and a \.json file in one folder"):
        read_card(tmp_path / name)
