from __future__ import annotations

import pytest

from spotitags.bags.display.groups import label_groups, parse_groups


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
