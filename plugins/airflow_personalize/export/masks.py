"""Boolean masks over the rows of a batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def none_of(array: pa.Array) -> Mask:
    return np.zeros(len(array), dtype=bool)


def mask_of(booleans: pa.Array) -> Mask:
    """A mask, false where the answer is null."""
    if not pc.any(booleans).as_py():  # the rule: what a mask is made for is broken nowhere
        return none_of(booleans)
    return np.asarray(pc.fill_null(booleans, False).to_numpy(zero_copy_only=False), dtype=bool)


def without(array: pa.Array, mask: Mask) -> pa.Array:
    """The column with nulls under the mask."""
    return pc.if_else(pa.array(~mask), array, pa.scalar(None, array.type)) if mask.any() else array
