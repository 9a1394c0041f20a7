from __future__ import annotations

from helpers.evaluations import run

from spotitags.evaluation.votes import columns, rows

FOUND = {
    "genres": ["jazz", "metal"],
    "answers": [
        {"id": "a", "genre": "jazz", "covers": 3, "shares": [[0.9, 0.1], [0.7, 0.3]]},
        {"id": "b", "genre": "metal", "covers": 4, "shares": [[0.8, 0.2], [0.4, 0.6]]},
        {"id": "c", "genre": "metal", "covers": 5, "shares": [[None, None], [None, None]]},
        {"id": "d", "genre": "jazz", "covers": 5, "shares": [[0.2, 0.8], [None, None]]},
    ],
}


def test_wrong_artists_come_first_and_untested_ones_last() -> None:
    assert list(columns(FOUND)) == [
        "artist_id", "artist_name", "genre", "predicted", "right", "share_jazz", "share_metal", "covers",
    ]  # fmt: skip
    assert rows(FOUND, {"a": "Ann"}) == [
        ["d", None, "jazz", "metal", 0.0, 0.2, 0.8, 5],
        ["b", None, "metal", "jazz", 0.5, 0.6, 0.4, 4],
        ["a", "Ann", "jazz", "jazz", 1.0, 0.8, 0.2, 3],
        ["c", None, "metal", None, None, None, None, 5],
    ]


def test_every_answer_of_an_evaluation_has_a_row() -> None:
    found = run()
    listed = rows(found, {})
    assert {row[0] for row in listed} == {answer["id"] for answer in found["answers"]}
    assert all(len(row) == len(columns(found)) for row in listed)
