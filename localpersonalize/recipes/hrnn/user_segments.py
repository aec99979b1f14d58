"""aws-item-affinity and aws-item-attribute-affinity: which users will take an item, or items of a kind.

The network of aws-hrnn-metadata gives every user a distribution over items; a batch segment job reads from it
the chance of one item, or of all items with an attribute, and ranks the users by it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.model import Needs
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import HIDDEN_DIMENSION, HistoryPercentiles, HrnnMetadata
from localpersonalize.recipes.hrnn.model import HrnnModel
from localpersonalize.recipes.hrnn.trainer import Continuation


class AffinityHyperparameters(Hyperparameters):
    hidden_dimension: int = hyperparameter(
        149, 32, 256, description=HIDDEN_DIMENSION, source=guide_page("item-affinity-recipe")
    )


class _Settings(AffinityHyperparameters, HistoryPercentiles):
    """With what the network asks for besides."""

    max_user_history_length_percentile: float = 1.0


class ItemAffinityModel(HrnnModel):
    recipe = "aws-item-affinity"
    needs: ClassVar[Needs] = "segment"


class ItemAttributeAffinityModel(HrnnModel):
    recipe = "aws-item-attribute-affinity"
    needs: ClassVar[Needs] = "segment"


class ItemAffinity(HrnnMetadata):
    name = "aws-item-affinity"
    recipe_type = "USER_SEGMENTATION"
    description = "Finds the users who will most likely interact with an item."
    algorithm = "aws-item-affinity"
    feature_transformation = "item-affinity"
    hyperparameters: ClassVar[type[Hyperparameters]] = AffinityHyperparameters
    model: ClassVar[type[HrnnModel]] = ItemAffinityModel

    def _train(
        self,
        data: TrainingData,
        hyperparameters: Any,
        options: TrainingOptions,
        continuation: Continuation | None = None,
    ) -> HrnnModel:
        settings = _Settings(hidden_dimension=hyperparameters.hidden_dimension)
        return super()._train(data, settings, options, continuation)


class ItemAttributeAffinity(ItemAffinity):
    name = "aws-item-attribute-affinity"
    description = "Finds the users who will most likely interact with items that have an attribute."
    algorithm = "aws-item-attribute-affinity"
    feature_transformation = "item-attribute-affinity"
    model: ClassVar[type[HrnnModel]] = ItemAttributeAffinityModel
    required_datasets = ("interactions", "items")
