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


def test_artists_that_most_repeats_get_wrong_are_named_the_worst_first() -> None:
    found = run()
    shares = {"jazz": [0.9, 0.1, 0.0], "metal": [0.2, 0.7, 0.1], "pop": [0.0, 0.0, 1.0]}
    answers = [answer | {"shares": [shares[answer["genre"]]] * 3} for answer in found["answers"]]
    assert "wrong in most repeats" not in printed(found | {"answers": answers})
    first, second = (next(a for a in answers if a["genre"] == genre) for genre in ("jazz", "pop"))
    first["shares"] = [[0.4, 0.6, 0.0]] * 3
    second["shares"] = [[0.9, 0.0, 0.1]] * 2 + [[0.0, 0.0, 1.0]]
    text = printed(found | {"answers": answers})
    assert "wrong in most repeats: 2 genre predicted right" in text
    assert text.index(f"{first['id']} jazz metal 0%") < text.index(f"{second['id']} pop jazz 33%")
