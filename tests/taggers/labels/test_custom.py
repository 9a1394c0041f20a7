"""Custom labels: parsing, and errors that name the line and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.taggers.labels.custom import MAX_LABELS, MAX_LENGTH, custom_labels
from spotitags.taggers.labels.themes import custom_themes

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, data: str | bytes) -> Path:
    path = folder / "words.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_comments_empty_lines_and_spaces_in_a_row_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff# mine\r\nskull\r\n\r\n  burning   church # of wood\r\nChâteau\n骷髅")
    assert custom_labels(path) == custom_labels(str(path)) == ("skull", "burning church", "Château", "骷髅")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("", "has no words"),
        ("# nothing but this\n\n", "has no words"),
        ("skull\n\nSkull # again\n", "line 3: 'Skull' is already in line 1"),
        ("skull\nwo\x00rd\n", r"line 2: 'wo\\x00rd' has characters that cannot be printed"),
        ("bell\x07\n", "cannot be printed"),
        ("right\u202eleft\n", "cannot be printed"),
        ("x" * (MAX_LENGTH + 1), f"line 1: .* longer than {MAX_LENGTH} characters"),
        (
            "\n".join(f"label {n}" for n in range(MAX_LABELS + 1)),
            f"{MAX_LABELS + 1} words, more than {MAX_LABELS}",
        ),
        (b"caf\xe9\n", "not UTF-8"),
        (b"\xff\xd8\xff\xe0 a picture", "not UTF-8"),
    ],
)
def test_invalid_labels_are_refused(tmp_path: Path, data: str | bytes, word: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(InputError, match=word) as caught:
        custom_labels(path)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.txt cannot be read: No such file"):
        custom_labels(tmp_path / "gone.txt")
    with pytest.raises(InputError, match="cannot be read"):
        custom_labels(tmp_path)


def test_a_list_is_checked_like_a_file() -> None:
    assert custom_labels(["goat", " tall  tower ", "c# minor"]) == ("goat", "tall tower", "c# minor")
    with pytest.raises(InputError, match="number 2: 'Goat' is already in number 1"):
        custom_labels(["goat", "Goat"])
    with pytest.raises(InputError, match="the list has no words"):
        custom_labels([])


@given(
    st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), min_size=1, max_size=9)
)
def test_all_labels_are_returned_and_fit_every_sentence(words: list[str]) -> None:
    different = {word.casefold(): word for word in words}
    labels = custom_labels(list(different.values()))
    assert labels == tuple(different.values())
    (theme,) = custom_themes(labels) or ()
    assert theme.labels == labels
    assert all(word in theme.templates[0].format(word) for word in labels)


def test_braces_in_a_label_are_letters_like_others() -> None:
    (theme,) = custom_themes(custom_labels(["{} sign", "{0}"])) or ()
    assert theme.templates[0].format("{} sign") == "an album cover with {} sign"
    assert custom_themes(()) is None
