"""The hyperparameters of each recipe and the values that the service takes for them.

Source: the developer guide's pages of the recipes. The service refuses others when a solution is created.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included (above 0 where there is neither), or one of `values`."""

    low: float | None = None
    high: float | None = None
    integer: bool = False
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.values:
            return f"one of {', '.join(self.values)}"
        kind = "an integer" if self.integer else "a number"
        return f"{kind} above 0" if self.low is None else f"{kind} from {self.low:g} to {self.high:g}"

    def holds(self, value: Any) -> bool:
        """Whether the service takes the value, which it gets as text."""
        if self.values:
            return str(value).lower() in [known.lower() for known in self.values]
        try:
            number = float(value)
        except (TypeError, ValueError):
            return False
        if not math.isfinite(number) or (self.integer and number != int(number)):
            return False
        return number > 0 if self.low is None or self.high is None else self.low <= number <= self.high


_SHARE = Range(0, 1)
_BOOLEAN = Range(values=("true", "false"))
_NETWORK: Mapping[str, Range] = {
    "hidden_dimension": Range(32, 256, True),
    "bptt": Range(2, 32, True),
    "recency_mask": _BOOLEAN,
}
_SEGMENTS: Mapping[str, Range] = {"hidden_dimension": Range(32, 256, True)}
_RECENCY: Mapping[str, Range] = {"apply_recency_bias": _BOOLEAN}
_USERS = dict.fromkeys(("min_user_history_length_percentile", "max_user_history_length_percentile"), _SHARE)
_ITEMS = dict.fromkeys(
    ("min_item_interaction_count_percentile", "max_item_interaction_count_percentile"), _SHARE
)

#: Given in `algorithmHyperParameters`, which `hyperparameters` of a solution becomes.
ALGORITHM: Mapping[str, Mapping[str, Range]] = {
    "aws-sims": {"popularity_discount_factor": _SHARE, "min_cointeraction_count": Range(0, 10, True)},
    **dict.fromkeys(
        (
            "aws-hrnn",
            "aws-hrnn-coldstart",
            "aws-hrnn-metadata",
            "aws-personalized-ranking",
            "aws-user-personalization",
        ),
        _NETWORK,
    ),
    **dict.fromkeys(("aws-personalized-ranking-v2", "aws-user-personalization-v2"), _RECENCY),
    "aws-similar-items": dict.fromkeys(
        ("item_id_hidden_dim", "item_metadata_hidden_dim"), Range(30, 200, True)
    ),
    **dict.fromkeys(("aws-item-affinity", "aws-item-attribute-affinity"), _SEGMENTS),
}
#: Given in `featureTransformationParameters` of `solution_config`.
FEATURE_TRANSFORMATION: Mapping[str, Mapping[str, Range]] = {
    "aws-sims": {**_USERS, **_ITEMS},
    **dict.fromkeys(
        (
            "aws-hrnn",
            "aws-hrnn-metadata",
            "aws-personalized-ranking",
            "aws-personalized-ranking-v2",
            "aws-user-personalization",
            "aws-user-personalization-v2",
        ),
        _USERS,
    ),
    "aws-hrnn-coldstart": {
        **_USERS,
        "cold_start_max_interactions": Range(integer=True),
        "cold_start_max_duration": Range(),
        "cold_start_relative_from": Range(values=("currentTime", "latestItem")),
    },
    "aws-trending-now": {
        "trend_discovery_frequency": Range(values=("30 minutes", "1 hour", "3 hours", "1 day"))
    },
}
#: Given in `itemExplorationConfig` of a campaign's `config`.
EXPLORATION: Mapping[str, Range] = {"explorationWeight": _SHARE, "explorationItemAgeCutOff": Range()}


def refused(recipe: str, key: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and fault of each hyperparameter that the service refuses.

    :param key: where they are given: `algorithmHyperParameters` or `featureTransformationParameters`
    """
    tables = {
        "algorithmHyperParameters": ALGORITHM,
        "featureTransformationParameters": FEATURE_TRANSFORMATION,
    }
    known = tables[key].get(recipe, {})
    for name, value in values.items():
        bare = name.rsplit(".", 1)[-1]  # the service shows them with a prefix, as in training.bptt
        elsewhere = next(
            (other for other in tables if other != key and bare in tables[other].get(recipe, {})), None
        )
        if bare in known:
            if not known[bare].holds(value):
                yield name, f"{value!r} is not what {recipe} takes: {known[bare]}"
        elif elsewhere:
            yield name, f"belongs into `solution_config.{elsewhere}`"
        else:
            yield name, f"{recipe} has no such hyperparameter, only {', '.join(known) or 'none at all'}"
