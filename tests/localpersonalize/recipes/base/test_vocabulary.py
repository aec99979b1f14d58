import pyarrow as pa

from localpersonalize.recipes.base.vocabulary import Vocabulary


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
