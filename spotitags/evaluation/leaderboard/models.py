"""Who competes: every classifier that has a file, on everything that it can read."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from classifiers import image
from classifiers.ensemble.results import VoterName
from classifiers.image import EMBEDDING, PIXEL_FEATURES
from classifiers.text import classifier_names
from classifiers.text.views import VIEWS
from classifiers.training.dataset import common_features
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from classifiers.training.dataset import Row


TAGS = "tags"  # as a wish: every classifier of tags
PAIRED = ("pca-forest",)  # who tells one genre from another where nobody is asked for, as in earlier work


def select_models(taggers: Sequence[str], wanted: Collection[str] = ()) -> list[VoterName]:
    """All models of these taggers' tags and embeddings, and of what is measured on covers' pixels.

    Args:
        taggers: Names.
        wanted: Names of models, of views, of taggers or measures, ``tags``, or ``tagger/view/model``; empty
            for all.

    Raises:
        InputError: A wish fits no model.
    """
    names = [VoterName(*name) for name in product(taggers, VIEWS, classifier_names())]
    for model in image.classifier_names():
        source = image.feature_of(model)
        names += [
            VoterName(name, EMBEDDING, model) for name in (taggers if source == EMBEDDING else [source])
        ]
    for wish in wanted:
        if not any(_fits(name, [wish]) for name in names):
            known = sorted({part for name in names for part in name})
            raise InputError(f"no model is called {wish!r}; there are: {TAGS}, {', '.join(known)}")
    return [name for name in names if _fits(name, wanted)]


def pixel_features(models: Iterable[VoterName]) -> list[str]:
    """What must be measured on covers' pixels for these models."""
    return sorted({model.tagger for model in models} & set(PIXEL_FEATURES))


def unavailable_models(rows: Sequence[Row], models: Iterable[VoterName]) -> dict[VoterName, str]:
    """The models that not all rows have numbers for, with the reason."""
    numbers = {model.tagger for model in models if model.view == EMBEDDING}
    there = set(common_features(rows, sorted(numbers)))
    return {
        model: f"there is no {input_name(model)} of all covers"
        for model in models
        if model.view == EMBEDDING and model.tagger not in there
    }


def ensembles(models: Sequence[VoterName]) -> dict[str, list[VoterName]]:
    """By what they read, the ensembles that training makes of these models: of tags alone, and of all."""
    standing = set(image.classifier_names(default=True))
    tags = [model for model in models if model.view != EMBEDDING]
    numbers = [model for model in models if model.view == EMBEDDING and model.classifier in standing]
    found = {TAGS: tags} if len(tags) > 1 else {}
    return found | ({"tags, embedding": [*tags, *numbers]} if tags and numbers else {})


def input_name(name: VoterName) -> str:
    """What a model reads, in words: ``lite tags: covers``, ``lite embedding``, ``colours``."""
    if name.tagger in PIXEL_FEATURES:
        return name.tagger
    return f"{name.tagger} {EMBEDDING}" if name.view == EMBEDDING else f"{name.tagger} tags: {name.view}"


def source(name: VoterName) -> str:
    """The numbers behind a model: those of one tagger's tags are the same, whatever the view."""
    return input_name(name).partition(":")[0]


def full_name(name: VoterName) -> str:
    """``tagger/view/model``, by which one model can be asked for."""
    return "/".join(name)


def _fits(name: VoterName, wanted: Collection[str]) -> bool:
    tags = {TAGS} if name.view != EMBEDDING else set()
    return not wanted or bool({*name, full_name(name), *tags} & {wish.strip() for wish in wanted})
