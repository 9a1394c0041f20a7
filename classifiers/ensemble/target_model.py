"""Model of a number, such as popularity: its files, and its prediction, without scikit-learn."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from classifiers.ensemble.graph_check import check_graph
from classifiers.ensemble.graph_inputs import feature_rows
from classifiers.ensemble.model_card import DIGEST, MAX_WIDTH, card_digest, is_name
from classifiers.ensemble.model_files import MAX_CARD_BYTES, MAX_GRAPH_BYTES, model_files
from classifiers.errors import ModelFileError
from classifiers.files import read_plain
from classifiers.image import EMBEDDING
from classifiers.onnx_session import open_session, run_session
from classifiers.text.views import VIEWS, WORDS, View

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    Floats = NDArray[np.float64]

FORMAT: Final = "target 1"
"""Format of the card, which no card of an ensemble has."""
FEATURES, VALUE = "features", "value"
"""Names of the graph's input and output."""
SECONDS: Final = 10.0
"""Time limit of a prediction."""


class TargetInput(NamedTuple):
    """Inputs of the model: a view of one source, and their means in training.

    Attributes:
        source: Tagger, titles or text column.
        view: View of its labels; its embedding for ``embedding``.
        mean: (width,) means in training, which stand for a source that an artist lacks.
    """

    source: str
    view: View
    mean: Floats

    def row(
        self, bags: Mapping[str, Mapping[str, float]], embeddings: Mapping[str, NDArray[np.floating]]
    ) -> Floats:
        """Return (width,) features of one artist."""
        return artist_row(self.source, self.view, bags, embeddings, self.mean)


def artist_row(
    source: str,
    view: View,
    bags: Mapping[str, Mapping[str, float]],
    embeddings: Mapping[str, NDArray[np.floating]],
    missing: Floats,
) -> Floats:
    """Return the features of one artist: the mean of the covers' embeddings, or the row of a bag.

    Args:
        source: Tagger, titles or text column.
        view: View of its labels, or ``embedding``.
        bags: Source to label to weight.
        embeddings: Tagger to (n_covers, dim).
        missing: (width,) features where the artist lacks the source.
    """
    if view.name != EMBEDDING:
        bag = bags.get(source)
        return np.asarray(view.vectors([bag])[0]) if bag else missing
    found = embeddings.get(source)
    if found is None or not len(found) or (missing.size and found.shape[1] != missing.size):
        return missing
    mean: Floats = feature_rows(source, found).mean(axis=0)
    return mean


class TargetModel:
    """A linear model of a number; create it with `load`.

    Attributes:
        card: The model card as it was saved.
        target: Name of the column that it predicts.
        taggers: Tagger, and other source of labels, to version.
        inputs: Its inputs.
        half_width: Half the width of the 90% interval of a prediction.
    """

    def __init__(self, card: Mapping[str, Any], session: InferenceSession) -> None:
        self.card, self._session = card, session
        self.target: str = card["target"]
        self.taggers: dict[str, str] = {each["name"]: each["version"] for each in card["taggers"]}
        self.inputs = [_input(each) for each in card["inputs"]]
        self.half_width = float(card["half_width"])

    @property
    def says_nothing(self) -> bool:
        """True if the model was not shown to be better than the mean on held-out artists."""
        return bool(self.card["evaluation"]["says_nothing"])

    @classmethod
    def load(cls, path: Path) -> TargetModel:
        """Load ``<stem>.onnx`` and ``<stem>.json``; both are checked before onnxruntime sees the graph.

        Raises:
            ModelFileError: A file is missing, broken, or not from the same training as the other.
        """
        files = model_files(path)
        try:
            card = json.loads(read_plain(files.card, MAX_CARD_BYTES))
            data = read_plain(files.graph, MAX_GRAPH_BYTES)
            _check(card, data)
            return cls(card, open_session(data, optimised=False))
        except OSError as error:
            raise ModelFileError(
                f"no model at {path}: {error.strerror or error}; "
                "a model is a .onnx and a .json file in one folder"
            ) from error
        except Exception as error:  # of the check, or of onnxruntime, whose errors share no base class
            raise ModelFileError.unusable(files.card, error) from error

    def predict(
        self, bags: Mapping[str, Mapping[str, float]], embeddings: Mapping[str, NDArray[np.floating]]
    ) -> float:
        """Predict the number of one artist.

        Args:
            bags: Source to label to weight, as in training.
            embeddings: Tagger to (n_covers, dim).

        Raises:
            ModelFileError: The graph takes too long or computes no number.
        """
        features = np.concatenate([each.row(bags, embeddings) for each in self.inputs])
        try:
            (value,) = run_session(self._session, [VALUE], {FEATURES: features[np.newaxis]}, seconds=SECONDS)
        except Exception as error:
            raise ModelFileError(f"the model cannot predict ({error}): train it again") from error
        found = float(value[0, 0])
        if not np.isfinite(found):
            raise ModelFileError("the model predicts no number: train it again")
        return found


def is_target_model(path: Path) -> bool:
    """Return whether a model predicts a number; False also if there is no such file."""
    try:
        card = json.loads(read_plain(model_files(path).card, MAX_CARD_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(card, dict) and card.get("format") == FORMAT


def _input(card: Mapping[str, Any]) -> TargetInput:
    view = View(card["view"], tuple(card["labels"]), None, tuple(card["idf"]))
    return TargetInput(card["source"], view, np.array(card["mean"], np.float64))


def _check(card: Any, graph: bytes) -> None:  # noqa: ANN401  (JSON of a file)
    """Check all that prediction uses of a card and its graph.

    Raises:
        ValueError: Something is missing or impossible; the message names it.
    """
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ValueError("it is no card of a model of a number")
    if card.get(DIGEST) != card_digest(card) or card.get("sha256") != hashlib.sha256(graph).hexdigest():
        raise ValueError("card and graph are not from one training")
    if not (is_name(card["target"]) and all(is_name(each["name"]) for each in card["taggers"])):
        raise ValueError("the target or a tagger has no name")
    for each in card["inputs"]:
        if each["view"] not in {*VIEWS, WORDS, EMBEDDING} or not is_name(each["source"]):
            raise ValueError("an input has no source or view")
        mean = np.array(each["mean"], np.float64)
        known = len(each["labels"]) if each["view"] != EMBEDDING else mean.size
        if mean.shape != (known,) or not np.isfinite(mean).all() or known > MAX_WIDTH:
            raise ValueError("an input has not as many means as columns")
        if len(each["idf"]) != (known if each["view"] == WORDS else 0):
            raise ValueError("an input has not as many idf as words")
    if not 0 <= float(card["half_width"]) < np.inf:
        raise ValueError("the interval has no width")
    width = sum(len(each["mean"]) for each in card["inputs"])
    check_graph(graph, {FEATURES: width}, {VALUE: (1,)})
