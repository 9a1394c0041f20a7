"""Prediction with a trained ensemble: numpy and onnxruntime alone."""

from classifiers.ensemble.ensemble import Ensemble

__all__ = ["Ensemble"]
