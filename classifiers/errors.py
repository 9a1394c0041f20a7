"""What classifiers raise on purpose; each message names the cause and the next step."""

from __future__ import annotations


class ClassifierError(ValueError):
    """Root of everything that `classifiers` raises on purpose."""


class TrainingDataError(ClassifierError):
    """The labelled rows cannot be trained on; whoever labelled them can mend it."""


class ModelFileError(ClassifierError):
    """A saved ensemble is missing, broken or of another format; whoever chose it can take another."""


class NoVotersError(ClassifierError):
    """No voter of an ensemble reads any of the bags it was given; another tagger or another model may."""


class UnknownVoterError(ClassifierError):
    """An ensemble was asked for a voter that it does not have; whoever asked can train one that does."""
