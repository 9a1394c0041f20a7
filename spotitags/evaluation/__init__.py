"""How good the votes are: evaluation that keeps artists and covers apart."""
