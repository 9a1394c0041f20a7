"""Prediction with a trained ensemble; needs numpy and onnxruntime only."""

from classifiers.ensemble.ensemble import Ensemble

__all__ = ["Ensemble"]
