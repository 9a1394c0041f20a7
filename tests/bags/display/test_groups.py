from __future__ import annotations

import pytest

from spotitags.bags.display.groups import label_groups, parse_groups
from spotitags.taggers.labels.themes import themes
from spotitags.taggers.lite.attributes import attribute_labels


def test_narrower_labels_of_narrower_labels_are_contained() -> None:
    groups = parse_groups(["plants > tree", "tree > forest", "forest = wood", "tones: blue"])
    assert groups.broader["forest"] == {"tree", "plants"}
    assert groups.family("plants") == {"plants", "tree", "forest"}
    assert groups.related("forest") == {"plants", "tree", "wood"}
    assert groups.related("wood") == {"forest"}
    assert groups.tones == {"blue"}


@pytest.mark.parametrize("lines", [["tree > forest", "forest > tree"], ["tree > tree"]])
def test_a_label_cannot_contain_itself(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="broader than itself"):
        parse_groups(lines)


def test_a_line_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="'tree < forest' is neither"):
        parse_groups(["tree < forest"])


def test_the_rules_are_about_labels_that_exist() -> None:
    groups = label_groups()
    assert {"man", "woman"} <= groups.narrower["person"]
    assert groups.aspects <= groups.narrower.keys()
    assert not groups.signs["man"] & groups.signs["woman"]


def test_every_label_is_one_that_a_tagger_gives_or_contains_such() -> None:
    groups = label_groups()
    built_in = {label for theme in themes() for label in theme.labels} | set(attribute_labels())
    named = groups.broader.keys() | groups.narrower.keys() | groups.same.keys() | groups.tones
    for label in named - built_in:
        assert groups.narrower.get(label, set()) & built_in, label
    assert set().union(*groups.signs.values()) <= built_in
