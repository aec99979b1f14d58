"""The successors of the HRNN recipes: user personalization, and ranking of given items, in both versions.

Exploration belongs to serving (`explorationWeight` and `explorationItemAgeCutOff` of a campaign); here is what
it explores with: scores for items without events, by their metadata.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.model import Model, Needs
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import (
    BPTT,
    HIDDEN_DIMENSION,
    RECENCY,
    HistoryPercentiles,
    HrnnMetadata,
)
from localpersonalize.recipes.hrnn.impressions import impression_bias
from localpersonalize.recipes.hrnn.model import Encoders, HrnnModel
from localpersonalize.recipes.hrnn.trainer import (
    UPDATE_EPOCHS,
    UPDATE_RATE,
    Continuation,
    FitResult,
    Training,
)

GUIDE = guide_page("native-recipe-new-item-USER_PERSONALIZATION")


class PersonalizationHyperparameters(HistoryPercentiles):
    hidden_dimension: int = hyperparameter(
        149, 32, 256, tunable=True, description=HIDDEN_DIMENSION, source=GUIDE
    )
    bptt: int = hyperparameter(32, 2, 32, tunable=True, description=BPTT, source=GUIDE)
    recency_mask: bool = hyperparameter(True, tunable=True, description=RECENCY, source=GUIDE)


class ExplorationHyperparameters(PersonalizationHyperparameters):
    exploration_weight: float = hyperparameter(
        0.3,
        0.0,
        1.0,
        group="campaign",
        description="The share of recommendations that goes to items with little data. Has its effect as"
        " `explorationWeight` of a campaign or a batch job; a solution's value is only checked.",
        source=GUIDE,
    )
    exploration_item_age_cut_off: float = hyperparameter(
        30.0,
        above=0.0,
        group="campaign",
        description="Days since an item's newest event, or its creation, within which it may be explored. Has its"
        " effect as `explorationItemAgeCutOff` of a campaign or a batch job; a solution's value is only checked.",
        source=GUIDE,
    )


class VersionTwoHyperparameters(HistoryPercentiles):
    apply_recency_bias: bool = hyperparameter(
        True, description=RECENCY, source=guide_page("native-recipe-user-personalization-v2")
    )


class UserPersonalizationModel(HrnnModel):
    recipe = "aws-user-personalization"


class UserPersonalizationV2Model(HrnnModel):
    recipe = "aws-user-personalization-v2"


class PersonalizedRankingModel(HrnnModel):
    recipe = "aws-personalized-ranking"
    needs: ClassVar[Needs] = "ranking"


class PersonalizedRankingV2Model(HrnnModel):
    recipe = "aws-personalized-ranking-v2"
    needs: ClassVar[Needs] = "ranking"


class UserPersonalization(HrnnMetadata):
    name = "aws-user-personalization"
    description = "Predicts what a user will interact with next, and explores new items."
    algorithm = "aws-user-personalization"
    feature_transformation = "aws-user-personalization"
    hyperparameters: ClassVar[type[Hyperparameters]] = ExplorationHyperparameters
    model: ClassVar[type[HrnnModel]] = UserPersonalizationModel
    can_update = True
    takes_objective = True
    explores = True

    def update(
        self, previous: Model, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> HrnnModel:
        """Go on from the previous model with all events, briefly: new items and new habits come in."""
        if not isinstance(previous, HrnnModel):
            raise TrainingError(f"UPDATE of {self.name} can't start from a model of {previous.recipe}.")
        return self._train(data, hyperparameters, options, Continuation(previous, UPDATE_EPOCHS, UPDATE_RATE))

    def build(self, training: Training, result: FitResult, encoders: Encoders) -> HrnnModel:
        model = super().build(training, result, encoders)
        bias = model.parameters["bias"] + impression_bias(training.data, model.items)
        if training.options.objective is not None:
            bias = bias + training.options.objective.bias(training.data, model.items)
        model.parameters["bias"] = bias.astype(np.float32)
        return model


class UserPersonalizationV2(UserPersonalization):
    name = "aws-user-personalization-v2"
    algorithm = "aws-user-personalization-v2"
    feature_transformation = "aws-user-personalization-v2"
    hyperparameters: ClassVar[type[Hyperparameters]] = VersionTwoHyperparameters
    model: ClassVar[type[HrnnModel]] = UserPersonalizationV2Model
    can_update = False


class PersonalizedRanking(UserPersonalization):
    name = "aws-personalized-ranking"
    recipe_type = "PERSONALIZED_RANKING"
    description = "Orders a given list of items for a user."
    algorithm = "aws-personalized-ranking"
    feature_transformation = "JSON-percentile-filtering"
    hyperparameters: ClassVar[type[Hyperparameters]] = PersonalizationHyperparameters
    model: ClassVar[type[HrnnModel]] = PersonalizedRankingModel
    can_update = False
    explores = False


class PersonalizedRankingV2(PersonalizedRanking):
    name = "aws-personalized-ranking-v2"
    algorithm = "aws-personalized-ranking-v2"
    feature_transformation = "aws-personalized-ranking-v2"
    hyperparameters: ClassVar[type[Hyperparameters]] = VersionTwoHyperparameters
    model: ClassVar[type[HrnnModel]] = PersonalizedRankingV2Model
