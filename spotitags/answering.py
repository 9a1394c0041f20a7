"""One artist's answer, put together from what is known of its covers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from spotitags.errors import CallLimitError, NoCoversError, TaggerError
from spotitags.panel import of_tagger, owner
from spotitags.records import Skipped
from spotitags.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.errors import SpotiTagsError
    from spotitags.fetching import Slot
    from spotitags.looks import Looks
    from spotitags.panel import Panel
    from spotitags.records import Album, Artist, Tag
    from spotitags.taggers import CoverReader


@dataclass(slots=True)
class Listing:
    """One artist on its way to tags: albums, or why there are none."""

    ref: str
    slots: list[Slot] = field(default_factory=list)
    error: SpotiTagsError | None = None

    def digests(self) -> list[str]:
        """Of all covers that came."""
        return [slot.digest for slot in self.slots if slot.digest]

    @property
    def artist(self) -> Artist | None:
        """As the catalogue named it."""
        return self.slots[0].album.artist if self.slots else None


class _Covers(NamedTuple):
    """An artist's covers: by digest those to look at, those of no use, and those that were never fetched."""

    pictures: dict[str, Album]
    skipped: list[Skipped]
    unfetched: list[str]


class _Look(NamedTuple):
    """A reader's view of an artist: tags of each cover, none where it could not read it, and what is left."""

    rows: list[Sequence[Tag]]
    unread: dict[int, str]
    left: list[str]


def answer(
    listing: Listing,
    readers: Sequence[CoverReader],
    looks: Looks,
    panel: Panel,
    unreadable: Mapping[str, Skipped],
) -> Seen | SpotiTagsError:
    """What was seen on one artist's covers; the same picture on two releases counts once.

    A tagger counts for an artist where it looked at each of its covers. A cover that it could not read is
    missing in its bag alone, and a cover that none could read is skipped.

    Args:
        listing: The artist.
        readers: Who looks at covers: taggers, readers that belong to them, and others.
        looks: What they said.
        panel: Knows who is missing and why.
        unreadable: By digest, covers that no decoder can read.
    """
    if listing.error or not listing.slots:
        return listing.error or _no_covers(listing, ())
    covers = _covers(listing, unreadable)
    found = {reader.name: _look(reader, covers, looks, panel) for reader in readers}
    missing = {name: _why(name, panel) for name in panel.names if found[name].left}
    for name in missing:
        if name in panel.limited:
            panel.leave(name, found[name].left)
    present = [name for name in panel.names if name not in missing]
    if not covers.pictures and not covers.unfetched:
        return _no_covers(listing, covers.skipped)
    if not present:
        return _nobody(listing, len(covers.pictures) + len(covers.unfetched), missing, found, panel)
    albums = tuple(covers.pictures.values())
    lost = [i for i in range(len(albums)) if all(i in found[name].unread for name in present)]
    skipped = [*covers.skipped, *(_unread(albums[i], i, present, found) for i in lost)]
    kept = [i for i in range(len(albums)) if i not in lost]
    if not kept:
        return _no_covers(listing, skipped)
    for name in present:
        if all(i in found[name].unread for i in kept):
            missing[name] = f"it could read none of the covers ({found[name].unread[kept[0]]})"
    complete = [reader.name for reader in readers if _complete(reader, found[reader.name], panel, missing)]
    seen = Seen(
        artist=albums[0].artist,
        tags={name: found[name].rows for name in complete},
        albums=albums,
        skipped=tuple(skipped),
        unread={name: found[name].unread for name in complete if found[name].unread},
        missing=missing,
    )
    return seen.only(kept) if lost else seen


def _covers(listing: Listing, unreadable: Mapping[str, Skipped]) -> _Covers:
    covers = _Covers({}, [], [])
    for slot in listing.slots:
        if slot.skipped:
            covers.skipped.append(slot.skipped)
        elif slot.digest is None:
            covers.unfetched.append(slot.album.id)
        elif slot.digest in unreadable:
            covers.skipped.append(Skipped(slot.album.name, unreadable[slot.digest].reason))
        else:
            covers.pictures.setdefault(slot.digest, replace(slot.album, digest=slot.digest))
    return covers


def _look(reader: CoverReader, covers: _Covers, looks: Looks, panel: Panel) -> _Look:
    look = _Look([], {}, list(covers.unfetched))
    for number, digest in enumerate(covers.pictures):
        tags, why = looks.of(reader, digest), panel.unread.get((reader.name, digest))
        look.rows.append(tags or ())
        if tags is None and why is not None:
            look.unread[number] = why
        elif tags is None:
            look.left.append(digest)
    return look


def _complete(reader: CoverReader, look: _Look, panel: Panel, missing: Mapping[str, str]) -> bool:
    """Whether a tagger is there, or another reader saw every cover and its tagger is there."""
    if reader.name in panel.names:
        return reader.name not in missing
    return not look.left and not look.unread and owner(reader) not in missing


def _why(name: str, panel: Panel) -> str:
    return panel.absent.get(name, "it did not look at all of the covers")


def _unread(album: Album, number: int, names: Sequence[str], found: Mapping[str, _Look]) -> Skipped:
    return Skipped(album.name, "; ".join(of_tagger(name, found[name].unread[number]) for name in names))


def _nobody(
    listing: Listing,
    covers: int,
    missing: Mapping[str, str],
    found: Mapping[str, _Look],
    panel: Panel,
) -> SpotiTagsError:
    """No tagger looked at all covers of the artist."""
    reasons = "; ".join(
        f"{name} has yet to tag {len(found[name].left)} of the {covers} covers of artist {listing.ref}: {why}"
        for name, why in missing.items()
    )
    if panel.limited & missing.keys():
        return CallLimitError(reasons, listing.artist)
    return TaggerError(reasons)


def _no_covers(listing: Listing, skipped: Sequence[Skipped]) -> NoCoversError:
    if not listing.slots:
        return NoCoversError(
            f"artist {listing.ref} has no albums in this catalogue: check the id, or take another --catalog"
        )
    reasons = "; ".join(f"{cover}: {reason}" for cover, reason in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
    return NoCoversError(
        f"none of the {len(skipped)} covers of artist {listing.ref} can be used ({reasons}{more})",
        listing.artist,
    )
