from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from helpers.evaluations import OUTSIDERS, run
from rich.console import Console

from spotitags.evaluation.report.terminal import show_scores

if TYPE_CHECKING:
    from collections.abc import Mapping


def printed(found: Mapping[str, Any]) -> str:
    """Scores as a terminal of 80 columns shows them."""
    console = Console(file=StringIO(), width=80)
    for each in show_scores(found):
        console.print(each)
    assert isinstance(console.file, StringIO)
    return " ".join(console.file.getvalue().split())


def test_the_answer_none_of_these_is_shown_where_it_was_evaluated() -> None:
    text = printed(run() | {"outsiders": OUTSIDERS})
    assert "given a sure genre: music 26%, pictures 2%." in text
    assert 'Of the 24 artists of these genres, 4% got the answer "none of these genres"' in text
    assert "none of" not in printed(run())
    assert printed(run() | {"outsiders": None}) == printed(run())
