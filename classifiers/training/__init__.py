"""Training of ensembles with scikit-learn."""
