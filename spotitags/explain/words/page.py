"""Page of telling words: a cloud and a table for each genre, and the covers that carry a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.covers.thumbnails import data_url, thumbnails
from spotitags.evaluation.report.elements import cells, escaped, fill, items
from spotitags.evaluation.report.wording import count
from spotitags.explain.words.cloud import word_cloud
from spotitags.explain.words.wording import LEGEND, heading, interval, times
from spotitags.rendering.wording import kind_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotitags.evaluation.samples import Samples
    from spotitags.explain.words.effects import GenreWords, Word
    from spotitags.records import Album


SIDE: Final = 96
"""Pixels of a thumbnail."""
SHOWN: Final = 24
"""Maximum number of covers shown for a word."""
OTHERS: Final = 100
"""Maximum number of words in a table that are not sure."""


class _Carrier(NamedTuple):
    """Cover with a word: weight of the word, genre of the artist, and the cover's digest."""

    weight: float
    genre: str
    digest: str


def words_page(
    found: Sequence[GenreWords],
    samples: Samples,
    dataset: str,
    *,
    notes: Sequence[str] = (),
    covers: bool = True,
) -> str:
    """Build one HTML page that opens offline, without links to other files.

    Args:
        found: Words of the genres.
        samples: Labelled artists with the covers.
        dataset: Name of the data set.
        notes: Lines on what was left out.
        covers: False shows no pictures, only names of albums.
    """
    listed = {word[:2] for genre in found for word in _listed(genre)}
    number = {name: i for i, name in enumerate(sorted(listed))}
    carriers = _carriers(samples, listed)
    shown = {carrier.digest for each in carriers.values() for carrier in each[:SHOWN]}
    pictures = thumbnails((samples.albums[digest] for digest in sorted(shown)), SIDE) if covers else {}
    css = {digest: f"c{i}" for i, digest in enumerate(pictures)}
    values = {
        "title": escaped(f"Words on the covers of {dataset}"),
        "subtitle": escaped(f"{count(len(number), 'word')}. Choose one to see its covers."),
        "thumbnails": "\n".join(
            f".{css[digest]} {{ background-image: url({data_url(data)}); }}"
            for digest, data in pictures.items()
        ),
        "links": "".join(f'<a href="#g{i}">{escaped(genre.genre)}</a>' for i, genre in enumerate(found)),
        "legend": items([*LEGEND, *notes]),
        "genres": "\n".join(_section(i, genre, number) for i, genre in enumerate(found)),
        "covers": "\n".join(
            _panel(number[name], name[1], carriers.get(name, []), samples.albums, css) for name in number
        ),
    }
    return fill("spotitags.explain.words", "page.html", values)


def _listed(genre: GenreWords) -> list[Word]:
    """Return the words of a genre's table: all sure ones, and the strongest of the others."""
    kept = set([word for word in genre.telling if not word.sure][:OTHERS])
    return [word for word in genre.telling if word.sure or word in kept]


def _section(index: int, genre: GenreWords, number: Mapping[tuple[str, str], int]) -> str:
    listed = _listed(genre)
    several = len({word.tagger for word in genre.words}) > 1
    cloud = word_cloud(genre, f"cloud{index}", lambda word: _address(word, number))
    rows = []
    for word in listed:
        name = escaped(f"{word.label} ({kind_name(word.tagger)})" if several else word.label)
        link = f'<td><a href="#w{number[word[:2]]}">{name}</a>{" *" if word.sure else ""}</td>'
        odds = f'<td class="n {"more" if word.effect > 0 else "less"}">{escaped(times(word.effect))}</td>'
        shares = cells("td", [interval(word), f"{word.share:.0%}", f"{word.other_share:.0%}"], "n")
        rows.append(f"<tr{'' if word.sure else ' class=by-chance'}>{link}{odds}{shares}</tr>")
    head = cells("th", ["word"]) + cells("th", ["odds", "95% interval", genre.genre, "others"], "n")
    left = len(genre.telling) - len(listed)
    lines, others = [], ""
    if cloud.left_out:
        names = ", ".join(word.label for word in cloud.left_out)
        title = f"{count(len(cloud.left_out), 'word')} not in the picture"
        others = f"<details><summary>{title}</summary>{escaped(names)}</details>"
    if left:
        lines.append(f"{count(left, 'word')} more, which may be there by chance: with --csv")
    picture = cloud.picture.inline() if listed else "<p>No word tells it from the others.</p>"
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    table = f'<div class="scroll"><table>{body}</table></div>' if listed else ""
    return (
        f'<section id="g{index}"><h2>{escaped(genre.genre)}</h2><p>{escaped(heading(genre))}</p>'
        f"{picture}{others}{table}<ul>{items(lines)}</ul></section>"
    )


def _address(word: Word, number: Mapping[tuple[str, str], int]) -> str | None:
    return f"#w{number[word[:2]]}" if word[:2] in number else None


def _carriers(samples: Samples, listed: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[_Carrier]]:
    """Return the covers that carry each word, the largest weight first."""
    carriers: dict[tuple[str, str], list[_Carrier]] = {name: [] for name in listed}
    for row in samples.labelled:
        for tagger, covers in row.covers.items():
            for digest, cover in zip(row.groups, covers, strict=True):
                for label, weight in cover.items():
                    if weight > 0 and (tagger, label) in carriers:
                        carriers[tagger, label].append(_Carrier(weight, row.genre, digest))
    return {name: sorted(set(each), reverse=True) for name, each in carriers.items()}


def _panel(
    number: int, label: str, carriers: Sequence[_Carrier], albums: Mapping[str, Album], css: Mapping[str, str]
) -> str:
    """Build the list of covers with a word, which appears when the word is chosen."""
    entries = []
    for weight, genre, digest in carriers[:SHOWN]:
        album = albums[digest]
        names = ", ".join(name for name in (album.artist.name, album.name) if name) or album.id
        picture = f'<i class="{css[digest]}"></i>' if digest in css else ""
        entries.append(f"<li>{picture}{escaped(f'{names} ({genre}, weight {weight:.2f})')}</li>")
    some = f"; the {SHOWN} with the largest weight" if len(carriers) > SHOWN else ""
    return (
        f'<aside class="covers" id="w{number}"><h2>{escaped(label)}</h2>'
        f"<p>On {count(len(carriers), 'cover')}{some}. "
        f'<a href="#">Close</a></p><ol>{"".join(entries)}</ol></aside>'
    )
