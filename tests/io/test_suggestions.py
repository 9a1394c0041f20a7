from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.io.suggestions import did_you_mean, nearest, similar_path

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text(min_size=1), st.lists(st.text(min_size=1)))
def test_a_known_name_is_its_own_nearest_one(name: str, others: list[str]) -> None:
    found = nearest(name, [name, *others])
    assert found is not None
    assert found.casefold() == name.casefold()


def test_nothing_similar_gives_no_question() -> None:
    assert did_you_mean("Scan", ["Band", "Genre"]) == did_you_mean("Scan", []) == ""
    assert did_you_mean("scan", ["SCAN"]) == " (did you mean 'SCAN'?)"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("cover/a.jpg", "covers/a.jpg"),
        ("cover/none.jpg", "covers"),
        ("covers/b.jpg", "covers/a.jpg"),
        ("covers/a.jpg/b", None),
        ("zzz", None),
    ],
)
def test_the_first_wrong_part_of_a_path_is_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, meant: str | None
) -> None:
    (tmp_path / "covers").mkdir()
    (tmp_path / "covers/a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    for start in ("", f"{tmp_path}/"):
        found = similar_path(type(tmp_path)(start + path))
        assert found == (f" (did you mean '{start}{meant}'?)" if meant else "")
