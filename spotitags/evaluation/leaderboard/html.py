"""``leaderboard.html``: one file that works offline, on a phone, light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotitags.evaluation.leaderboard.standings import RANKED_BY
from spotitags.evaluation.leaderboard.terminal import areas, duration, failures, legend, to_best
from spotitags.evaluation.report.elements import cells, escaped, fill, items
from spotitags.evaluation.report.svg import BLUE, DOTTED, element, hint
from spotitags.evaluation.report.wording import interval, sentence, subtitle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def page(found: Mapping[str, Any]) -> str:
    """Build the leaderboard as one HTML page without links to other files."""
    head, rows = _pairs(found) if "pairs" in found else _standings(found)
    seconds = found["seconds"]
    lines = [
        *(failures(found) if "pairs" in found else ()),
        *legend(found),
        *(f"tagger {tagger['name']}, version {tagger['version']}" for tagger in found["taggers"]),
        *(f"{kind['name']} of covers, version {kind['version']}" for kind in found["measures"]),
        f"seed {found['protocol']['seed']}, {found['masked_covers']:g} covers masked per fold",
        f"{found['covers']:,} covers, tagged in {seconds['reading']:g} s; models in {seconds['models']:g} s",
    ]
    values = {
        "dataset": escaped(found["dataset"]),
        "subtitle": escaped(subtitle(found)),
        "head": head,
        "rows": "\n".join(rows),
        "legend": items(map(sentence, lines)),
    }
    return fill("spotitags.evaluation.leaderboard", "page.html", values)


def _standings(found: Mapping[str, Any]) -> tuple[str, list[str]]:
    head = cells("th", ["model", "input"])
    head += '<th class="plot">balanced accuracy, 0 to 1, dotted: chance</th>'
    head += cells("th", ["95% interval", "to best", "log loss", "fit", "run"], "n")
    rows = []
    for number, row in enumerate(found["standings"]):
        name = cells("td", [row["model"], row["reads"]])
        if "error" in row:
            rows.append(f'<tr>{name}<td class="error" colspan="6">failed: {escaped(row["error"])}</td></tr>')
            continue
        times = [duration(row["fit_seconds"]), duration(row["ask_seconds"])]
        numbers = _numbers(row, to_best(row, first=number == 0), times)
        kind = "" if row["within_noise"] else ' class="behind"'
        rows.append(f"<tr{kind}>{name}{_plot(row['scores'][RANKED_BY], found['chance'])}{numbers}</tr>")
    if blend := found["blend"]:
        name = cells("td", ["blend", "the best few"])
        plot = _plot(blend["scores"][RANKED_BY], found["chance"])
        numbers = _numbers(blend, to_best(blend), ["", ""])
        rows.append(f'<tr class="blend">{name}{plot}{numbers}</tr>')
    return head, rows


def _numbers(row: Mapping[str, Any], gap: str, times: Sequence[str]) -> str:
    scores = row["scores"]
    texts = [interval(scores[RANKED_BY]), gap, f"{scores['log_loss']['value']:.2f}", *times]
    return cells("td", texts, "n")


def _plot(found: Mapping[str, float], chance: float) -> str:
    """Draw a dot for an estimate, a line for its interval, and a dotted line for chance."""
    shares = found["low"], found["high"], found["value"], chance
    low, high, value, by_chance = (f"{100 * share:.2f}%" for share in shares)
    drawn = element(
        "svg",
        hint(interval(found)),
        element("line", x1=by_chance, x2=by_chance, y1=0, y2="100%", **DOTTED),
        element("line", x1=low, x2=high, y1="50%", y2="50%", stroke=BLUE, stroke_width=2, opacity=0.6),
        element("circle", cx=value, cy="50%", r=4.5, fill=BLUE),
        width="100%",
        height=18,
        role="img",
        aria_label=interval(found),
    )
    return f'<td class="plot">{drawn}</td>'


def _pairs(found: Mapping[str, Any]) -> tuple[str, list[str]]:
    head = cells("th", ["genres", "model", "input"])
    head += '<th class="plot">area under the ROC curve, 0 to 1, dotted: chance</th>'
    head += cells("th", [f"{found['unit']}s", "95% interval"], "n")
    rows = []
    for genres, count, area in areas(found):
        name = cells("td", [genres, area["model"], area["reads"]])
        numbers = cells("td", [f"{count:,}", interval(area)], "n")
        rows.append(f"<tr>{name}{_plot(area, found['chance'])}{numbers}</tr>")
    return head, rows
