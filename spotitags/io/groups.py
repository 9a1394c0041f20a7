"""Groups of names that are linked, directly or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def joined(links: Sequence[Sequence[str]]) -> dict[str, str]:
    """Join linked names into groups.

    Args:
        links: Names that belong together.

    Returns:
        Each name to the name of its group, which is the first name of the group.
    """
    leader: dict[str, str] = {name: name for link in links for name in link}

    def first(name: str) -> str:
        while (above := leader[name]) != name:
            leader[name] = name = leader[above]
        return name

    order = {name: i for i, name in enumerate(leader)}
    for link in links:
        for name in link[1:]:
            one, other = sorted((first(link[0]), first(name)), key=order.__getitem__)
            leader[other] = one
    return {name: first(name) for name in leader}
