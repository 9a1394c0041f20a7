"""Models of the leaderboard: every installed classifier on each input that it accepts."""

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


TAGS = "tags"  # selects every classifier of tags
PAIRED = ("pca-forest",)  # the default model for pairs of genres, as in earlier work


def select_models(taggers: Sequence[str], wanted: Collection[str] = ()) -> list[VoterName]:
    """Select models of these taggers' tags and embeddings, and of pixel features.

    Args:
        taggers: Names of the taggers.
        wanted: Names of classifiers, views, taggers or pixel features, ``tags``, or full names of models;
            empty for all models.

    Raises:
        InputError: One of the wanted names fits no model.
    """
    names = [VoterName(*name) for name in product(taggers, VIEWS, classifier_names())]
    for model in image.classifier_names():
        source = image.feature_of(model)
        names += [
            VoterName(name, EMBEDDING, model) for name in (taggers if source == EMBEDDING else [source])
        ]
    for want in wanted:
        if not any(_fits(name, [want]) for name in names):
            known = sorted({part for name in names for part in name})
            raise InputError(f"no model is called {want!r}; there are: {TAGS}, {', '.join(known)}")
    return [name for name in names if _fits(name, wanted)]


def pixel_features(models: Iterable[VoterName]) -> list[str]:
    """Names of the pixel features that these models need, sorted."""
    return sorted({model.tagger for model in models} & set(PIXEL_FEATURES))


def unavailable_models(rows: Sequence[Row], models: Iterable[VoterName]) -> dict[VoterName, str]:
    """Find models whose features some rows lack, with the reason."""
    needed = {model.tagger for model in models if model.view == EMBEDDING}
    available = set(common_features(rows, sorted(needed)))
    return {
        model: f"there is no {input_name(model)} of all covers"
        for model in models
        if model.view == EMBEDDING and model.tagger not in available
    }


def ensembles(models: Sequence[VoterName]) -> dict[str, list[VoterName]]:
    """Select the models of the ensembles that training builds: of tags alone, and of all default inputs."""
    default = set(image.classifier_names(default=True))
    tags = [model for model in models if model.view != EMBEDDING]
    embeddings = [model for model in models if model.view == EMBEDDING and model.classifier in default]
    found = {TAGS: tags} if len(tags) > 1 else {}
    return found | ({"tags, embedding": [*tags, *embeddings]} if tags and embeddings else {})


def input_name(name: VoterName) -> str:
    """Name a model's input, such as ``lite tags: covers``, ``lite embedding`` or ``colours``."""
    if name.tagger in PIXEL_FEATURES:
        return name.tagger
    return f"{name.tagger} {EMBEDDING}" if name.view == EMBEDDING else f"{name.tagger} tags: {name.view}"


def source(name: VoterName) -> str:
    """Name the source of a model's input: all views of one tagger's tags have the same source."""
    return input_name(name).partition(":")[0]


def full_name(name: VoterName) -> str:
    """Return ``tagger/view/classifier``, which selects one model."""
    return "/".join(name)


def _fits(name: VoterName, wanted: Collection[str]) -> bool:
    tags = {TAGS} if name.view != EMBEDDING else set()
    return not wanted or bool({*name, full_name(name), *tags} & {want.strip() for want in wanted})
