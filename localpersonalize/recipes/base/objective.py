"""A second objective beside relevance: items with more of something, such as a price, come earlier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.vocabulary import Vocabulary

SENSITIVITY_WEIGHTS = {"OFF": 0.0, "LOW": 0.3, "MEDIUM": 0.7, "HIGH": 1.5}
"""Logits between the item with the median value and the one with the highest."""


@dataclass(frozen=True)
class Objective:
    """`attribute`: a numeric column of the Items dataset; `weight`: see `SENSITIVITY_WEIGHTS`."""

    attribute: str
    weight: float

    @classmethod
    def of(cls, config: Mapping[str, Any] | None) -> Objective | None:
        """Read `optimizationObjective`.

        :raises ValueError: if the sensitivity is none of the service's.
        """
        if not config or not config.get("itemAttribute"):
            return None
        sensitivity = config.get("objectiveSensitivity") or "OFF"
        if sensitivity not in SENSITIVITY_WEIGHTS:
            raise ValueError(
                f"objectiveSensitivity {sensitivity} is none of {', '.join(SENSITIVITY_WEIGHTS)}."
            )
        return cls(config["itemAttribute"].upper(), SENSITIVITY_WEIGHTS[sensitivity])

    def values(self, data: TrainingData, items: Vocabulary) -> np.ndarray:
        """The attribute of each item, float64 [items], 0 for items that the dataset lacks.

        :raises TrainingError: if it is not a numeric column without nulls.
        """
        if data.items is None or self.attribute not in data.items.column_names:
            raise TrainingError(f"The Items dataset has no column {self.attribute} to optimise for.")
        column = data.items[self.attribute]
        if column.null_count:
            raise TrainingError(f"Column {self.attribute} of Items has nulls; the objective may have none.")
        try:
            numbers = column.to_numpy().astype(np.float64)
        except (TypeError, ValueError):
            raise TrainingError(f"Column {self.attribute} of Items is not numeric.") from None
        values = np.zeros(len(items))
        indices = items.index(data.items["ITEM_ID"])
        values[indices[indices >= 0]] = numbers[indices >= 0]
        return values

    def bias(self, data: TrainingData, items: Vocabulary) -> np.ndarray:
        """What to add to logits, float32 [items]: the rank of the value, from -weight to weight."""
        values = self.values(data, items)
        ordered = np.sort(values)
        below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
        ranks = (below + up_to) / (2 * len(values))
        return (self.weight * (2.0 * ranks - 1.0)).astype(np.float32)
