import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from localpersonalize.recipes.base.ranking import top_k, top_k_of_rows

scores = st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0, 3.5]), min_size=1, max_size=30)


@given(scores, st.integers(1, 40))
def test_the_best_come_first_ties_by_index_never_the_excluded(values, k):
    row = np.array(values, np.float32)
    expected = sorted((i for i in range(len(row)) if row[i] > -np.inf), key=lambda i: (-row[i], i))[:k]
    assert top_k(row, k).tolist() == expected


def test_a_mask_leaves_out():
    assert top_k(np.array([3.0, 2.0, 1.0]), 2, np.array([False, True, True])).tolist() == [1, 2]


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 9)),
        elements=st.sampled_from([-np.inf, 0.0, 1.0, 2.0]),
    ),
    st.integers(1, 10),
)
def test_the_best_of_many_rows_are_the_best_of_each(scores, k):
    best, starts = top_k_of_rows(scores, k)
    assert [row.tolist() for row in np.split(best, starts[1:-1])] == [top_k(s, k).tolist() for s in scores]


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(90, 400)),
        elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0]),
    ),
    st.integers(1, 3),
)
def test_many_items_are_ordered_as_few_are(scores, k):
    """Where groups of items are compared first; the last ones, which make no whole group, among them."""
    best, starts = top_k_of_rows(scores, k)
    ordered = [np.lexsort((np.arange(len(row)), -row)) for row in scores]
    expected = [order[row[order] > -np.inf][:k].tolist() for order, row in zip(ordered, scores, strict=True)]
    assert [row.tolist() for row in np.split(best, starts[1:-1])] == expected
    assert [top_k(row, k).tolist() for row in scores] == expected
