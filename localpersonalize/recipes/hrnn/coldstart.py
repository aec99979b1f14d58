"""aws-hrnn-coldstart: recommends only items that are new and have few events yet."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import guide_page, hyperparameter
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import HrnnMetadata
from localpersonalize.recipes.hrnn.model import Encoders, HrnnModel
from localpersonalize.recipes.hrnn.trainer import FitResult, Training
from localpersonalize.recipes.hrnn.user_personalization import PersonalizationHyperparameters

SECONDS_PER_DAY = 86400
MIN_COLD_ITEMS, MAX_COLD_ITEMS = 100, 80_000


GUIDE = guide_page("native-recipe-hrnn-coldstart")


class ColdstartHyperparameters(PersonalizationHyperparameters):
    cold_start_max_interactions: int = hyperparameter(
        15,
        above=0,
        group="feature_transformation",
        description="An item with more events is not cold, and so not recommended.",
        source=GUIDE,
    )
    cold_start_max_duration: float = hyperparameter(
        5.0,
        above=0.0,
        group="feature_transformation",
        description="Days; an item whose first event is longer ago is not cold, and so not recommended.",
        source=GUIDE,
    )
    cold_start_relative_from: Literal["currentTime", "latestItem"] = hyperparameter(
        "latestItem",
        group="feature_transformation",
        description="What the days are counted from: the time of training, or the newest event of all.",
        source=GUIDE,
    )


class HrnnColdstartModel(HrnnModel):
    recipe = "aws-hrnn-coldstart"


class HrnnColdstart(HrnnMetadata):
    name = "aws-hrnn-coldstart"
    description = "Like aws-hrnn-metadata, recommending only items that are new and have few interactions."
    algorithm = "aws-hrnn-coldstart"
    feature_transformation = "featurize_coldstart"
    hyperparameters = ColdstartHyperparameters
    model: ClassVar[type[HrnnModel]] = HrnnColdstartModel

    def check(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> None:
        """
        :raises TrainingError: if there are fewer than 100 or more than 80,000 cold items.
        """
        count = int(cold_items(EventLog.of(data), hyperparameters, options.now).sum())
        if not MIN_COLD_ITEMS <= count <= MAX_COLD_ITEMS:
            advice = "Raise" if count < MIN_COLD_ITEMS else "Lower"
            raise TrainingError(
                f"The number of cold start items must be between {MIN_COLD_ITEMS} and {MAX_COLD_ITEMS}, but is {count}."
                f" {advice} cold_start_max_interactions or cold_start_max_duration."
            )

    def build(self, training: Training, result: FitResult, encoders: Encoders) -> HrnnModel:
        model = super().build(training, result, encoders)
        # Which items are cold is a matter of all users, also of those left out for their long histories.
        everything = EventLog.of(training.data, model.items)
        cold = cold_items(everything, training.hyperparameters, training.options.now)
        model.parameters["bias"] = np.where(cold, model.parameters["bias"], -np.inf).astype(np.float32)
        return model


def cold_items(log: EventLog, hyperparameters: Any, now: int | None) -> np.ndarray:
    """bool [items]: has events, at most `cold_start_max_interactions` of them, the first at most
    `cold_start_max_duration` days before the newest event of all (`latestItem`) or now (`currentTime`)."""
    counts = np.bincount(log.item, minlength=len(log.items))
    first = np.full(len(log.items), np.iinfo(np.int64).max)
    np.minimum.at(first, log.item, log.time)
    newest = int(log.time.max())
    reference = now if hyperparameters.cold_start_relative_from == "currentTime" and now else newest
    since = reference - hyperparameters.cold_start_max_duration * SECONDS_PER_DAY
    few = counts <= hyperparameters.cold_start_max_interactions
    cold: np.ndarray = (counts > 0) & few & (first >= since)
    return cold
