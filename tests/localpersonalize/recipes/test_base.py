import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from localpersonalize.recipes.base.ranking import top_k, top_k_of_each
from localpersonalize.recipes.base.vocabulary import Vocabulary

scores = st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0, 3.5]), min_size=1, max_size=30)


@given(scores, st.integers(1, 40))
def test_the_best_come_first_ties_by_index_never_the_excluded(values, k):
    row = np.array(values, np.float32)
    expected = sorted((i for i in range(len(row)) if row[i] > -np.inf), key=lambda i: (-row[i], i))[:k]
    assert top_k(row, k).tolist() == expected


def test_a_mask_leaves_out():
    assert top_k(np.array([3.0, 2.0, 1.0]), 2, np.array([False, True, True])).tolist() == [1, 2]


def test_ids_and_indices_match_both_ways():
    words = Vocabulary.of(pa.chunked_array([["b", "a"], ["b", "c"]]), pa.chunked_array([["c", "d"]]))
    assert words.ids.tolist() == ["b", "a", "c", "d"]
    assert words.index(pa.array(["d", "x", "b"])).tolist() == [3, -1, 0]
    assert words.index(["d", "x", "b"]).tolist() == [3, -1, 0]
    assert "a" in words
    assert "x" not in words


def test_new_ids_are_appended_and_old_indices_stay():
    words = Vocabulary(["a", "b"])
    longer = words.extended(["b", "c", "c", "d"])
    assert longer.ids.tolist() == ["a", "b", "c", "d"]
    assert words.extended(["a"]) is words


def test_a_saved_vocabulary_is_the_same(tmp_path):
    Vocabulary(["ä", "b", ""]).save(tmp_path / "ids.arrow")
    assert Vocabulary.load(tmp_path / "ids.arrow").ids.tolist() == ["ä", "b", ""]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 9)),
           elements=st.sampled_from([-np.inf, 0.0, 1.0, 2.0])),
    st.integers(1, 10),
)  # fmt: skip
def test_the_best_of_many_rows_are_the_best_of_each(scores, k):
    best, starts = top_k_of_each(scores, k)
    assert [row.tolist() for row in np.split(best, starts[1:-1])] == [top_k(s, k).tolist() for s in scores]
