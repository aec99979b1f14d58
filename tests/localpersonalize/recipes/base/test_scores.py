import math

import numpy as np

from localpersonalize.recipes.base.scores import SCORES_IN_CACHE, DenseScores, log_sum_exp

ROW = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))


def test_dense_scores_are_what_they_were_made_of() -> None:
    scores = DenseScores(ROW)
    assert len(scores) == 4
    assert scores.best(3).tolist() == [1, 3, 2]
    assert scores.best(3, np.array([True, False, True, False])).tolist() == [2, 0]
    assert scores.of(np.array([3, 0])).tolist() == ROW[[3, 0]].tolist()
    assert scores.all() is ROW
    assert math.isclose(scores.log_sum(), 0.0, abs_tol=1e-6)


def test_sums_of_many_and_of_large_scores_are_right() -> None:
    many = np.full(3 * SCORES_IN_CACHE + 7, 500.0, np.float32)
    many[:5] = -np.inf
    assert math.isclose(log_sum_exp(many), 500 + math.log(len(many) - 5), rel_tol=1e-6)


def test_nothing_to_recommend_sums_to_nothing() -> None:
    assert log_sum_exp(np.full(3, -np.inf, np.float32)) == -math.inf
    assert log_sum_exp(np.empty(0, np.float32)) == -math.inf
