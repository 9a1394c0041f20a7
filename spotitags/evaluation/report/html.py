"""``report.html``: one file that works offline, on a phone, light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from classifiers.ensemble.blends import source_name
from classifiers.files import replaced_file
from spotitags.evaluation.report.artists import (
    artists_section,
    cell_panels,
    filter_rules,
    reported_artists,
    thumbnail_rules,
)
from spotitags.evaluation.report.elements import escaped, fill, items, table
from spotitags.evaluation.report.figures import figures
from spotitags.evaluation.report.gallery import Gallery
from spotitags.evaluation.report.impact import impact_section
from spotitags.evaluation.report.wording import (
    METRICS,
    OUTSIDER_HEAD,
    interval,
    outsider_rows,
    outsider_sentences,
    protocol_lines,
    sentence,
    subtitle,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spotitags.evaluation.report.figures import Figure


def write_report(found: Mapping[str, Any], out: Path, gallery: Gallery | None = None) -> list[Path]:
    """Write ``report.html``, and each figure as SVG.

    Args:
        found: Content of ``scores.json``.
        out: An existing folder.
        gallery: Names, covers and evidence of the artists; None for ids alone.

    Raises:
        OSError: A file cannot be written.
    """
    drawn = figures(found)
    texts = {"report.html": page(found, gallery or Gallery())}
    texts |= {f"{figure.picture.name}.svg": figure.picture.file() for figure in drawn}
    for name, text in texts.items():
        with replaced_file(out / name, lasting=True) as stream:
            stream.write(text.encode())
    return [out / name for name in texts]


def page(found: Mapping[str, Any], gallery: Gallery) -> str:
    """Build the report as one HTML page without links to other files.

    Args:
        found: Content of ``scores.json``.
        gallery: Names, covers and evidence of the artists.
    """
    artists = reported_artists(found, gallery.names)
    panels = cell_panels(artists, found["genres"], found["unit"])
    taggers = " and ".join(source_name(tagger["name"]) for tagger in found["taggers"])
    values = {
        "dataset": escaped(found["dataset"]),
        "name": escaped(found["name"]),
        "subtitle": escaped(f"{subtitle(found)} · tagger {taggers}"),
        "cards": _cards(found["systems"][0]["scores"]),
        "figures": "\n".join(map(_figure, figures(found, panels.keys()))),
        "panels": "\n".join(panels.values()),
        "rules": f"{filter_rules(found['genres'])}\n{thumbnail_rules(gallery)}",
        "artists_title": escaped(sentence(f"{found['unit']}s")),
        "artists": artists_section(artists, gallery, found),
        "genres": _genres(found, gallery),
        "pairs": _pairs(found),
        "outsiders": _outsiders(found),
        "impact": impact_section(found),
        "systems": _systems(found["systems"]),
        "protocol": items(protocol_lines(found)),
    }
    return fill("spotitags.evaluation.report", "report.html", values)


def _cards(scores: Mapping[str, Mapping[str, float]]) -> str:
    return "\n".join(
        f'<div class="card"><b>{scores[metric]["value"]:.2f}</b><span>{label}</span>'
        f"<small>{scores[metric]['low']:.2f} to {scores[metric]['high']:.2f}</small></div>"
        for metric, label in METRICS.items()
    )


def _figure(figure: Figure) -> str:
    return (
        f'<figure id="{figure.picture.name}-figure"><h3>{escaped(figure.picture.title)}</h3>'
        f"{figure.picture.inline()}<figcaption>{escaped(figure.caption)}</figcaption></figure>"
    )


def _genres(found: Mapping[str, Any], gallery: Gallery) -> str:
    """Build the table of genres: scores, and the tags that a genre has more often than the others."""
    rows = [
        [
            genre,
            str(found["rows"][genre]),
            *(interval(scores[name]) for name in ("precision", "recall", "f1")),
            *([_telling(gallery.telling.get(genre, ()))] if gallery.telling else []),
        ]
        for genre, scores in found["systems"][0]["genres"].items()
    ]
    head = ["genre", f"{found['unit']}s", "precision", "recall", "F1"]
    words = "Precision: how many of those predicted as the genre are of it; recall: how many of it are found."
    if gallery.telling:
        head.append("most telling tags")
        words += " Tags: how many times higher their odds are on covers of the genre than on the others'."
    return f"<p>{escaped(words)}</p>\n{table(head, rows)}"


def _telling(tags: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{label} {times:.1f}" for label, times in tags) or "none that is sure"


def _pairs(found: Mapping[str, Any]) -> str:
    rows = [[" against ".join(pair["genres"]), interval(pair)] for pair in found["systems"][0]["auc"]]
    words = "How often the first genre has a larger share on its own than on the second; one half is chance."
    return f"<p>{words}</p>\n{table(['genres', 'area under the ROC curve'], rows)}"


def _outsiders(found: Mapping[str, Any]) -> str:
    """Build the section on the answer "none of these genres"; empty if it was not evaluated."""
    if not found.get("outsiders"):
        return ""
    outside, inside = (f"<p>{escaped(each)}</p>" for each in outsider_sentences(found))
    rows = table(OUTSIDER_HEAD, outsider_rows(found["outsiders"]))
    return f"<h2>None of these genres</h2>\n{outside}\n{rows}\n{inside}"


def _systems(systems: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for system in systems:
        scores = system["scores"]
        weight = "" if system["weight"] is None else f"{system['weight']:.2f}"
        rows.append(
            [
                system["name"],
                system["kind"],
                weight,
                *(interval(scores[metric]) for metric in ("balanced_accuracy", "accuracy")),
                *(f"{scores[metric]['value']:.2f}" for metric in list(METRICS)[2:]),
            ]
        )
    words = "The ensemble, and parts of it by themselves; weight is their part in the ensemble."
    return f"<p>{words}</p>\n{table(['system', 'kind', 'weight', *METRICS.values()], rows)}"
