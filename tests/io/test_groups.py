from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spotitags.io.groups import joined

LINKS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=8)


def test_names_are_joined_through_others_and_named_after_the_first() -> None:
    assert joined([["d"], ["a", "b"], ["c"], ["c", "b"]]) == {"d": "d", "a": "a", "b": "a", "c": "a"}


@given(LINKS)
def test_groups_are_the_connected_parts(links: list[list[str]]) -> None:
    groups = joined(links)
    order = list(groups)
    for name, leader in groups.items():
        part, before = {name}, set[str]()
        while part != before:
            before = set(part)
            part |= {other for link in links if part & set(link) for other in link}
        assert leader == min(part, key=order.index)
        assert {other for other in groups if groups[other] == leader} == part
