from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.fake_taggers import Run

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.io.cache import Cache


@pytest.fixture
def run(tmp_path: Path, cache: Cache) -> Run:
    return Run(tmp_path / "covers", cache)
