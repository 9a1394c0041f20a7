from __future__ import annotations

import inspect
from typing import Any

import pytest

from spotitags import SpotiTags, predictions_frame, shown_tags, tags_frame
from spotitags.catalogs.csv_table import CsvTable
from spotitags.io.keywords import suggest_arguments


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (SpotiTags, {"offlin": True}, "unexpected argument 'offlin': did you mean 'offline'?"),
        (SpotiTags, {"offline": True, "tager": "lite"}, "'tager': did you mean 'tagger'?"),
        (SpotiTags(offline=True).predict, {"artist": "x", "explian": True}, "did you mean 'explain'?"),
        (CsvTable, {"path": "x.csv", "column": {}}, "did you mean 'columns'?"),
        (shown_tags, {"bags": None}, "did you mean 'bag'?"),
        (tags_frame, {"bag": []}, "did you mean 'bags'?"),
        (predictions_frame, {"prediction": []}, "did you mean 'predictions'?"),
        (predictions_frame, {"xyz": 1}, "unexpected argument 'xyz': there are predictions, top"),
        (SpotiTags(offline=True).artists, {"xyz": 1}, "unexpected argument 'xyz': there is none"),
    ],
)
def test_a_misspelt_argument_names_the_one_that_was_meant(
    call: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError) as caught:
        call(**options)
    assert message in str(caught.value)


def test_signatures_and_names_stay() -> None:
    parameters = inspect.signature(SpotiTags).parameters
    assert {"offline", "manifest", "tagger"} < parameters.keys()
    assert parameters["offline"].kind is inspect.Parameter.KEYWORD_ONLY
    assert list(inspect.signature(SpotiTags.predict).parameters) == ["self", "artist", "explain"]
    assert (shown_tags.__name__, shown_tags.__module__) == ("shown_tags", "spotitags.bags.display.selection")


def test_other_errors_pass_through() -> None:
    @suggest_arguments
    def fail(*, cause: str, **more: str) -> None:
        raise TypeError(cause + "".join(more))

    with pytest.raises(TypeError, match=r"^inside$"):
        fail(cause="in", side="x")
    with pytest.raises(TypeError, match="required"):
        shown_tags()  # type: ignore[call-arg]
