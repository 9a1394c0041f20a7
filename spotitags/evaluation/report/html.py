"""``report.html``: one file that opens offline, on a phone, light or dark."""

from __future__ import annotations

import html
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from spotitags.evaluation.report.figures import Figure


METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "top2_accuracy": "right among first two",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def write_report(found: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ``report.html`` and a PNG of each figure.

    Args:
        found: What ``scores.json`` holds.
        out: A folder that exists.

    Raises:
        NotInstalledError: matplotlib is not there.
        OSError: A file cannot be written.
    """
    from spotitags.evaluation.report.figures import figures

    drawn = figures(found)
    report = out / "report.html"
    report.write_text(page(found, drawn), encoding="utf-8")
    pictures = []
    for figure in drawn:
        pictures.append(out / f"{figure.name}.png")
        pictures[-1].write_bytes(figure.png)
    return [report, *pictures]


def page(found: Mapping[str, Any], drawn: Iterable[Figure]) -> str:
    """The report as HTML; everything in it is inline, and text from outside is escaped."""
    template = Template(
        files("spotitags.evaluation.report").joinpath("report.html").read_text(encoding="utf-8")
    )
    return template.substitute(
        dataset=html.escape(found["dataset"]),
        name=html.escape(found["name"]),
        subtitle=html.escape(subtitle(found)),
        cards=_cards(found["systems"][0]["scores"]),
        figures="\n".join(_figure(figure) for figure in drawn),
        genres=_genres(found),
        pairs=_pairs(found),
        systems=_systems(found["systems"]),
        protocol="\n".join(f"<li>{html.escape(line)}</li>" for line in protocol_lines(found)),
    )


def subtitle(found: Mapping[str, Any]) -> str:
    """What was evaluated, in one line."""
    rows = ", ".join(f"{genre} {count}" for genre, count in found["rows"].items())
    taggers = " and ".join(tagger["name"] for tagger in found["taggers"])
    total = _count(sum(found["rows"].values()), found["unit"])
    return f"{found['created']} · {total}: {rows} · tagger {taggers}"


def protocol_lines(found: Mapping[str, Any]) -> list[str]:
    """How it was done and what a reader of the figures should know."""
    how = found["protocol"]
    unit = found["unit"]
    repeats, curve = _count(how["repeats"], "repeat"), min(how["curve_repeats"], how["repeats"])
    lines = [
        f"{repeats} of stratified cross-validation over {unit}s in {how['folds']} folds, seed {how['seed']}",
        f"Every {unit} is asked by an ensemble that never saw it; its voters were weighed without it, too",
        "No artist, album or near-identical cover stands on both sides of a fold",
        f"Covers that would were {how['shared_covers']} ({how['masked_covers']:g} a fold taken out)",
        f"Intervals are 95% bootstrap intervals over {unit}s, drawn within genres",
        f"Chance is {found['chance']:.2f}",
    ]
    if curve:
        lines.append(f"Learning curves take {_count(curve, 'repeat')}")
    if unit == "artist":
        albums, learnt = _count(how["albums"], "album"), how["train_albums"]
        lines.append(f"At most {albums} of an artist asked about and {learnt} of one learnt from")
    if how["shuffled_genres"]:
        lines.insert(0, "The genres were dealt out anew at random: every score must be chance")
    lines += [note[:1].upper() + note[1:] for note in found["notes"]]
    return [*lines, f"Taken in {found['seconds']:g} s"]


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _cards(scores: Mapping[str, Mapping[str, float]]) -> str:
    return "\n".join(
        f'<div class="card"><b>{scores[metric]["value"]:.2f}</b><span>{label}</span>'
        f"<small>{scores[metric]['low']:.2f} to {scores[metric]['high']:.2f}</small></div>"
        for metric, label in METRICS.items()
    )


def _figure(figure: Figure) -> str:
    return (
        f"<figure><h3>{html.escape(figure.title)}</h3>{figure.svg}"
        f"<figcaption>{html.escape(figure.caption)}</figcaption></figure>"
    )


def _genres(found: Mapping[str, Any]) -> str:
    scored = found["systems"][0]["genres"]
    rows = [
        [
            genre,
            str(found["rows"][genre]),
            *(_interval(scores[name]) for name in ("precision", "recall", "f1")),
        ]
        for genre, scores in scored.items()
    ]
    return _table(["genre", f"{found['unit']}s", "precision", "recall", "F1"], rows)


def _pairs(found: Mapping[str, Any]) -> str:
    rows = [[" against ".join(pair["genres"]), _interval(pair)] for pair in found["systems"][0]["auc"]]
    return _table(["genres", "area under the ROC curve"], rows)


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
                *(_interval(scores[metric]) for metric in ("balanced_accuracy", "accuracy")),
                *(f"{scores[metric]['value']:.2f}" for metric in list(METRICS)[2:]),
            ]
        )
    return _table(["who answers", "kind", "weight", *METRICS.values()], rows)


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}\u2013{estimate['high']:.2f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
