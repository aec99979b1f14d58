"""Contextual metadata: what an interactions dataset says beyond who did what with which item, and when."""

from __future__ import annotations

from localpersonalize.recipes.base import TrainingData

RESERVED = frozenset(
    ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID")
)


def context_columns(data: TrainingData) -> set[str]:
    """Interactions columns that are neither required nor reserved."""
    return {name for name in data.interactions.column_names if name not in RESERVED and name[:2] != "__"}
