"""Errors of the package; each message names the cause and the next step."""

from __future__ import annotations


class ClassifierError(ValueError):
    """Base class of all errors that `classifiers` raises on purpose."""


class TrainingDataError(ClassifierError):
    """The labelled rows cannot be trained on; their labels or covers have to be fixed."""


class ModelFileError(ClassifierError):
    """A saved ensemble is missing, broken or of another format; another model has to be used."""


class NoVotersError(ClassifierError):
    """No voter of an ensemble can use any of the given bags; use another tagger or another model."""


class UnknownVoterError(ClassifierError):
    """A requested voter is not in the ensemble; a model with it has to be trained."""
