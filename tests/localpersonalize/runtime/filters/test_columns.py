from __future__ import annotations

import pyarrow as pa
import pytest

from localpersonalize.runtime.filters import Columns, apply_filter, parse

ITEMS = pa.table(
    {
        "ITEM_ID": ["d", "a", "b", "c"],
        "GENRE": ["drama", "comedy|drama", None, "comedy"],
        "PRICE": [4.0, 1.0, 2.0, None],
        "MAKER": ["us|them", "us", "them", None],
    }
)


COLUMNS = Columns(["a", "b", "c", "d", "new"], ITEMS, "ITEM_ID", frozenset({"GENRE"}))


def test_masks_are_reused_and_cannot_be_damaged() -> None:
    first = apply_filter(parse("INCLUDE ItemID WHERE Items.PRICE < 3"), COLUMNS)
    repeated = apply_filter(parse("INCLUDE ItemID WHERE Items.PRICE < 3"), COLUMNS)
    assert first is repeated
    with pytest.raises(ValueError, match="read-only"):
        first[0] = False  # type: ignore[index]
