"""Errors of the package; each message names the cause and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class ClassifierError(ValueError):
    """Base class of all errors that `classifiers` raises on purpose."""


class TrainingDataError(ClassifierError):
    """The labelled rows cannot be trained on; their labels or covers have to be fixed."""


class ModelFileError(ClassifierError):
    """A saved ensemble is missing, broken or of another format; another model has to be used."""

    @classmethod
    def unusable(cls, file: Path, cause: object) -> ModelFileError:
        """Build the error for a file of a model that must not or cannot be used."""
        reason = " ".join(str(cause).split())[:300]
        return cls(f"{file} cannot be used ({reason}): train the model again, or get its files again")


class NoVotersError(ClassifierError):
    """No voter of an ensemble can use any of the given bags; use another tagger or another model."""


class UnknownVoterError(ClassifierError):
    """A requested voter is not in the ensemble; a model with it has to be trained."""

    @classmethod
    def of(cls, name: str, available: Iterable[str], trainable: Iterable[str]) -> UnknownVoterError:
        """Build the error for a requested voter, which suggests an available one or a training."""
        available, trainable = list(dict.fromkeys(available)), list(trainable)
        if name.partition(":")[0] in trainable:
            take = f"take {' or '.join(available)}, leave" if available else "leave"
            train = f"train a model with it: 'spotitags train LABELS.csv --out OUT --voter {name}'"
            return cls(f"the model has no voter {name!r}: {take} --voter out, or {train}")
        take = f"{', '.join(available)}: take one of these, or leave" if available else "none: leave"
        return cls(
            f"no voter is called {name!r}; there are {', '.join(trainable)}, and the model has {take} "
            "--voter out"
        )
