"""What users were shown and did not take."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.vocabulary import Vocabulary

PRIOR_IMPRESSIONS = 20.0  # impressions that an item is assumed to have had, with the usual success
MAX_BIAS = 1.0


def impression_bias(data: TrainingData, items: Vocabulary) -> np.ndarray:
    """What to add to logits, float32 [items]: half the log of how much better than usual an item does where it
    was shown; 0 for items never shown, and without impressions."""
    bias = np.zeros(len(items), np.float32)
    if "IMPRESSION" not in data.interactions.column_names:
        return bias
    table = data.interactions.filter(pc.is_valid(data.interactions["IMPRESSION"]))
    if not table.num_rows:
        return bias
    lists = pc.split_pattern(table["IMPRESSION"].cast(pa.string()), "|").combine_chunks()
    event = pc.list_parent_indices(lists).to_numpy()
    impressions = items.index(pc.list_flatten(lists))
    is_clicked = items.index(table["ITEM_ID"])[event] == impressions
    known = impressions >= 0
    impression_counts = np.bincount(impressions[known], minlength=len(items))
    click_counts = np.bincount(impressions[known & is_clicked], minlength=len(items))
    average = max(click_counts.sum(), 1) / max(impression_counts.sum(), 1)
    ratio = (click_counts + PRIOR_IMPRESSIONS * average) / ((impression_counts + PRIOR_IMPRESSIONS) * average)
    bias[:] = np.clip(0.5 * np.log(ratio), -MAX_BIAS, MAX_BIAS)
    return bias
