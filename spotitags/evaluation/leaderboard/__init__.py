"""Comparison of all models of tags and of pictures on the same folds."""

from spotitags.evaluation.leaderboard.leaderboard import FOLDS, PAIR_FOLDS, leaderboard, write

__all__ = ["FOLDS", "PAIR_FOLDS", "leaderboard", "write"]
