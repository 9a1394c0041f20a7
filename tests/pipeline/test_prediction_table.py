"""Predictions and tags of many artists as data frames."""

from __future__ import annotations

import builtins
import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import spotitags

from spotitags import SpotiTags, predictions_frame, tags_frame
from spotitags.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METALLICA, DAVIS = "2ye2Wgw4gimLv2eAKyk1NB", "0kbYTNQb4Pb1rPbbaF0pT4"


def test_a_frame_of_predictions_is_the_table_of_the_command_line(tmp_path: Path) -> None:
    frame = predictions_frame(SpotiTags(offline=True).predictions([METALLICA, "nobody", DAVIS]), top=2)
    options = ["-a", METALLICA, "-a", "nobody", "-a", DAVIS, "--offline", "--top", "2"]
    rows = list(csv.reader(io.StringIO(spotitags("predict", *options, "--csv", "-", home=tmp_path).stdout)))
    assert list(frame.columns) == rows[0]
    assert frame["artist_name"].fillna("").tolist() == ["Metallica", "", "Miles Davis"]
    assert frame["genre"].fillna("").tolist() == ["metal", "", "jazz"]
    assert frame["tags"].fillna("").tolist() == [row[rows[0].index("tags")] for row in rows[1:]]
    assert frame["error"].isna().tolist() == [True, False, True]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        **dict.fromkeys(frame, "str"),
        **dict.fromkeys([name for name in frame if str(name).startswith("share_")], "float64"),
        "none": "float64",
        "right": "float64",
        "sure": "boolean",
        "covers": "Int64",
        "trained_on": "Int64",
    }
    assert frame["share_metal"].idxmax() == 0


def test_predictions_alone_make_the_same_frame() -> None:
    spotitags = SpotiTags(offline=True)
    alone = predictions_frame([spotitags.predict(DAVIS)])
    assert alone.equals(predictions_frame(spotitags.predictions([DAVIS])))
    assert list(predictions_frame([]).columns)[:3] == ["artist_id", "artist_name", "genre"]


def test_a_frame_of_tags_has_a_row_per_artist_and_tag() -> None:
    spotitags = SpotiTags(offline=True, tagger="lite")
    bag = spotitags.bag(METALLICA)
    with pytest.warns(
        UserWarning, match="nobody: the bundled library has no artist called 'nobody'"
    ) as caught:
        frame = tags_frame(spotitags.all_bags([METALLICA, "nobody"]))
    assert [warning.filename for warning in caught] == [__file__]
    assert list(zip(frame["label"], frame["weight"], strict=True)) == list(bag.tags)
    assert set(zip(frame["artist_id"], frame["artist_name"], frame["genre"], strict=True)) == {
        (METALLICA, "Metallica", "metal")
    }
    assert frame.equals(tags_frame([bag]))
    assert tags_frame([]).columns.tolist() == frame.columns.tolist()


@pytest.mark.parametrize("build", [tags_frame, predictions_frame])
def test_without_pandas_the_error_says_how_to_install_it(
    build: Callable[[list[Any]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without_pandas(name: str, *args: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return found(name, *args)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(NotInstalledError, match=r"a data frame needs the extra 'frame': .*frame"):
        build([])
