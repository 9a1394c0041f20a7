from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.arrays import l2_normalised, power_normalised, softmax

ROWS = arrays(np.float64, (3, 4), elements=st.floats(-50, 50, allow_subnormal=False))


@given(ROWS, st.floats(-1000, 1000))
def test_softmax_sums_to_one_and_ignores_a_common_offset(logits: np.ndarray, offset: float) -> None:
    shares = softmax(logits)
    assert shares.sum(axis=-1) == pytest.approx(1)
    assert shares == pytest.approx(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rel=1e-6)
    assert softmax(logits + offset) == pytest.approx(shares, abs=1e-9)


def test_rows_get_length_one_and_zeros_stay() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [1e-20, 0.0]])
    assert l2_normalised(rows).tolist() == [[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]]
    assert l2_normalised(rows[0]).tolist() == [0.6, 0.8]
    assert power_normalised(np.array([[-9.0, 16.0], [0.0, 0.0]])).tolist() == [[-0.6, 0.8], [0.0, 0.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_stays(dtype: type) -> None:
    rows = np.ones((2, 3), dtype)
    assert softmax(rows).dtype == l2_normalised(rows).dtype == dtype
