"""Described covers: the format of the file, and the texts made from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from spotitags.errors import InputError
from spotitags.taggers.labels.themes import themes
from spotitags.taggers.lite.head import load_head
from spotitags.training.lite_head.described import Description, descriptions, digest_of, sentences
from spotitags.training.lite_head.label_vectors import label_names

if TYPE_CHECKING:
    from pathlib import Path


def test_labels_are_built_in_ones_and_covers_are_named_by_hash_alone() -> None:
    built_in = {label for theme in themes() for label in theme.labels}
    known = descriptions()
    assert len(known) > 4000
    for digest, cover in known.items():
        assert re.fullmatch(r"[0-9a-f]{16}", digest)
        assert cover.sentence
        assert set(cover.labels) <= built_in
        assert len(set(cover.labels)) == len(cover.labels)


def test_the_packaged_head_knows_every_label_of_lite() -> None:
    assert load_head().labels == label_names()
    assert {label for cover in descriptions().values() for label in cover.labels} & set(label_names())


def test_a_fifth_is_held_out() -> None:
    known = descriptions().values()
    assert 0.18 < sum(cover.held_out for cover in known) / len(known) < 0.22


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"abc")
    assert digest_of(file) == "ba7816bf8f01cfea"
    with pytest.raises(InputError, match="cannot be read"):
        digest_of(tmp_path / "b.jpg")


def test_lists_leave_out_what_is_on_many_covers_and_are_drawn_alike() -> None:
    covers = [
        Description(f"{number:016x}", "A thing", ("text", f"thing {number}", f"place {number}"))
        for number in range(40)
    ]
    made = sentences(covers)
    assert made == sentences(reversed(covers))
    for cover in covers:
        sentence, *lists = made[cover.digest]
        assert sentence == "A thing"
        assert len(lists) == 3
        assert all(set(words.split(", ")) == set(cover.labels[1:]) for words in lists)


def test_a_cover_with_common_labels_alone_keeps_them() -> None:
    covers = [Description(f"{number:016x}", "Black", ("text", "black")) for number in range(20)]
    assert all(
        set(words.split(", ")) == {"text", "black"} for words in sentences(covers)[covers[0].digest][1:]
    )
