"""Evaluation of ensembles, and comparison of runs and of models."""

from spotitags.evaluation.comparison import against_first, compare
from spotitags.evaluation.evaluate import evaluate, write
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.scores import read

__all__ = ["Protocol", "against_first", "compare", "evaluate", "read", "write"]
