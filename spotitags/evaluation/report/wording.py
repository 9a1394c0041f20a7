"""Wording that all reports share: names of the metrics, intervals, counts, and notes on the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "top2_accuracy": "right among first two",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def interval(estimate: Mapping[str, float]) -> str:
    """Return an estimate in the form ``0.86 (0.77-0.93)``, with an en dash."""
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}\u2013{estimate['high']:.2f})"


def count(n: int, word: str) -> str:
    """Return a number with its noun: ``1 artist``, ``2,000 artists``."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def genre_counts(rows: Mapping[str, int]) -> str:
    """Return the number of rows of each genre, such as ``jazz 8, metal 9``."""
    return ", ".join(f"{genre} {number}" for genre, number in rows.items())


def subtitle(found: Mapping[str, Any]) -> str:
    """Return date and rows of a ``scores.json`` or ``leaderboard.json`` in one line."""
    total = count(sum(found["rows"].values()), found["unit"])
    return f"{found['created']} · {total}: {genre_counts(found['rows'])}"


def sentence(line: str) -> str:
    """Return the line with a capital letter."""
    return line[:1].upper() + line[1:]


OUTSIDER_HEAD = ("covers of", "groups tested", "given a sure genre", "mean probability of none of these")


def outsider_rows(outsiders: Mapping[str, Any]) -> list[list[str]]:
    """Return a row of `OUTSIDER_HEAD` for each category of outsiders, such as music or pictures."""
    return [
        [category, f"{rates['tested']:,}", f"{rates['sure']:.0%}", f"{rates['none']:.2f}"]
        for category, rates in outsiders["held_out"].items()
    ]


def outsider_sentences(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return a sentence on the rows of `outsider_rows`, and one on the artists of the genres."""
    artists = found["outsiders"]["artists"]
    outside = (
        "Groups of up to ten covers that belong to none of the genres, of kinds that the detector was "
        "trained without: few should be given a sure genre."
    )
    inside = (
        f"Of the {count(artists['tested'], found['unit'])} of these genres, {artists['none_of_these']:.0%} "
        f'got the answer "none of these genres"; the mean probability of it is {artists["none"]:.2f}.'
    )
    return outside, inside


def protocol_lines(found: Mapping[str, Any]) -> list[str]:
    """Describe how the scores of a ``scores.json`` were measured, one line each."""
    protocol = found["protocol"]
    unit = found["unit"]
    repeats = count(protocol["repeats"], "repeat")
    curve_repeats = min(protocol["curve_repeats"], protocol["repeats"])
    folds, seed = protocol["folds"], protocol["seed"]
    lines = [
        f"{repeats} of stratified cross-validation over {unit}s in {folds} folds, seed {seed}",
        f"Every {unit} is predicted by an ensemble that was trained and weighted without it",
        "No artist, album or near-identical cover is on both sides of a fold",
        f"Such covers were {protocol['shared_covers']} ({protocol['masked_covers']:g} per fold removed)",
        f"Intervals are 95% bootstrap intervals over {unit}s, drawn within genres",
        f"Chance is {found['chance']:.2f}",
    ]
    if curve_repeats:
        lines.append(f"Learning curves take {count(curve_repeats, 'repeat')}")
    if unit == "artist":
        albums = count(protocol["albums"], "album")
        lines.append(
            f"At most {albums} of a tested artist and {protocol['train_albums']} of a training artist"
        )
    if protocol["shuffled_genres"]:
        lines.insert(0, "The genres were permuted at random: every score must be chance")
    lines += map(sentence, found["notes"])
    return [*lines, f"Measured in {found['seconds']:g} s"]
