"""Groups of inputs of an ensemble, and their exchange between artists."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from classifiers.ensemble.blends import PICTURE, TAGS, TITLES, WRITTEN, in_order, kind_of, source_name
from classifiers.ensemble.results import VoterName
from classifiers.text.views import VIEWS, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifiers.training.dataset import Row

COLOURS: Final = "colours"
LETTERING: Final = "faces and lettering"
OTHERS: Final = "other tags"
_NAMES: Final = {PICTURE: "cover embedding", WRITTEN: "words on covers", TITLES: "titles of albums"}


class InputGroup(NamedTuple):
    """Inputs that belong together.

    Attributes:
        name: Name for readers.
        kind: Kind of the voters that use them.
        theme: Part of the tags; None for all inputs of the kind.
    """

    name: str
    kind: str
    theme: str | None = None

    def has(self, source: str) -> bool:
        """Return whether a source of labels, such as a tagger, belongs to the kind."""
        view = WORDS if source == "text" else VIEWS[0]
        return kind_of(VoterName(source, view, "")) == self.kind


def input_groups(voters: Sequence[VoterName], rows: Sequence[Row]) -> list[InputGroup]:
    """List the groups of inputs of some voters.

    Tags are one group, and where they have colours, or faces and lettering, these and the others are groups,
    too. An embedding is one group: its columns have no meaning of their own.
    """
    found = []
    for kind in in_order(map(kind_of, voters)):
        group = InputGroup(_NAMES.get(kind, source_name(kind)), kind)
        found.append(group)
        if kind != TAGS:
            continue
        labels = {
            label
            for row in rows
            for source, covers in row.covers.items()
            if group.has(source)
            for cover in covers
            for label in cover
        }
        themes = {theme_of(label) for label in labels}
        if len(themes) > 1:
            found += [InputGroup(name, kind, name) for name in (COLOURS, LETTERING, OTHERS) if name in themes]
    return found


def theme_of(label: str) -> str:
    """Return the part of the tags that a label belongs to.

    >>> theme_of("red"), theme_of("several faces"), theme_of("skull")
    ('colours', 'faces and lettering', 'other tags')
    """
    return _themes().get(label, OTHERS)


@cache
def _themes() -> Mapping[str, str]:
    from spotitags.taggers.labels.themes import read_labels
    from spotitags.taggers.lite.attributes import attribute_labels

    lettering = {*read_labels("lettering"), "lettering", "face", "several faces"}
    colours = {*read_labels("colours"), *attribute_labels()} - lettering
    return dict.fromkeys(sorted(colours), COLOURS) | dict.fromkeys(sorted(lettering), LETTERING)


def exchanged(row: Row, donor: Row, group: InputGroup) -> Row:
    """Return a row with one group of inputs of another one.

    Both may have different numbers of covers. Voters on the group have the number of the donor, and where
    only a part of the tags is exchanged, the donor's covers are repeated or cut off.
    """
    if group.kind == PICTURE:
        return replace(row, embeddings=donor.embeddings)
    sources = [source for source in row.covers if group.has(source)]
    if group.theme is None:
        return replace(row, covers={**row.covers, **{source: donor.covers[source] for source in sources}})
    covers = dict(row.covers)
    for source in sources:
        own = row.covers[source]
        others = islice(cycle(donor.covers[source] or [{}]), len(own))
        covers[source] = [
            {label: w for label, w in mine.items() if theme_of(label) != group.theme}
            | {label: w for label, w in theirs.items() if theme_of(label) == group.theme}
            for mine, theirs in zip(own, others, strict=True)
        ]
    return replace(row, covers=covers)


def without(row: Row, group: InputGroup) -> Row:
    """Return a row without a part of the tags."""
    covers = {
        source: [{label: w for label, w in cover.items() if theme_of(label) != group.theme} for cover in own]
        for source, own in row.covers.items()
        if group.has(source)
    }
    return replace(row, covers={**row.covers, **covers})
