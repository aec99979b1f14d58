import numpy as np

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.vocabulary import Vocabulary


def test_what_is_written_is_read_again(tmp_path):
    serialization.write(tmp_path, "aws-test", Vocabulary(["a", "b"]), {"counts": np.array([1, 2])}, note="x")
    items, arrays, small = serialization.read(tmp_path)
    assert items.ids.tolist() == ["a", "b"]
    assert arrays["counts"].tolist() == [1, 2]
    assert small == {"note": "x"}
    assert serialization.read_header(tmp_path)["recipe"] == "aws-test"
