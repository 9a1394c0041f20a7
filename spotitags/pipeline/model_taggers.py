"""Taggers of a model, which predict where no tagger is requested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.model_files import read_card
from classifiers.errors import ClassifierError
from spotitags.errors import SpotiTagsError
from spotitags.io.genre_names import find_genre
from spotitags.pipeline.voting import bundled_model
from spotitags.taggers.base import HasCost
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.taggers.base import TaggerOptions


def model_taggers(model: Path | None, genres: Sequence[str], options: TaggerOptions) -> list[str]:
    """Return the names of the taggers that a model was trained with, if all can run here and cost nothing.

    Args:
        model: File of the model; None for the bundled one.
        genres: Genres to choose from; the list is empty if the model lacks one.
        options: Options of the taggers.
    """
    try:
        _, card = read_card(model or bundled_model())
        if not all(find_genre(genre, card["genres"]) for genre in genres):
            return []
        names = [each["name"] for each in card["taggers"]]
        kinds = [tagger_class(name) for name in names]
        ready = all(kind.readiness(options).ready for kind in kinds)
        free = ready and not any(isinstance(kind.from_options(options), HasCost) for kind in kinds)
    except (ClassifierError, SpotiTagsError):
        return []
    return names if free else []
