"""aws-hrnn and aws-hrnn-metadata: what a user will take next, from what they took and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData, context_columns
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.hrnn.item_factors import item_vectors
from localpersonalize.recipes.hrnn.model import Encoders, HrnnModel, cold_bias
from localpersonalize.recipes.hrnn.repeat_calibration import repeat_bias
from localpersonalize.recipes.hrnn.trainer import (
    FINISHING_EPOCHS,
    FINISHING_RATE,
    Continuation,
    FitResult,
    Initialisation,
    Training,
    fit,
)

EMBEDDING_DIMENSION = 64
INITIAL_VECTOR_DEVIATION = 0.3  # standard deviation of the item vectors that training starts from


GUIDE = guide_page("native-recipe-hrnn")
HIDDEN_DIMENSION = (
    "Hidden units of each of the two recurrent layers: more for more complicated patterns and more data."
)
BPTT = "Steps through time over which gradients flow back; more connect late events with earlier causes, and cost time."
RECENCY = (
    "Do newer events count more? If so, weights go from 1 for the newest event towards one half, the rest halved"
    " every quarter of the time that the data spans."
)


class HistoryPercentiles(Hyperparameters):
    min_user_history_length_percentile: float = hyperparameter(
        0.0,
        0.0,
        1.0,
        group="feature_transformation",
        description="Users whose histories are shorter than this percentile of all history lengths don't train.",
        source=GUIDE,
    )
    max_user_history_length_percentile: float = hyperparameter(
        0.99,
        0.0,
        1.0,
        group="feature_transformation",
        description="Users whose histories are longer than this percentile of all history lengths don't train:"
        " they may be robots.",
        source=GUIDE,
    )


class HrnnHyperparameters(HistoryPercentiles):
    hidden_dimension: int = hyperparameter(
        43, 32, 256, tunable=True, description=HIDDEN_DIMENSION, source=GUIDE
    )
    bptt: int = hyperparameter(32, 2, 32, tunable=True, description=BPTT, source=GUIDE)
    recency_mask: bool = hyperparameter(True, tunable=True, description=RECENCY, source=GUIDE)


class HrnnMetadataModel(HrnnModel):
    recipe = "aws-hrnn-metadata"


class Hrnn(Recipe):
    name = "aws-hrnn"
    recipe_type = "USER_PERSONALIZATION"
    description = "Predicts what a user will interact with next, by a hierarchical recurrent network."
    algorithm = "aws-hrnn"
    feature_transformation = "JSON-percentile-filtering"
    hyperparameters: ClassVar[type[Hyperparameters]] = HrnnHyperparameters
    model: ClassVar[type[HrnnModel]] = HrnnModel
    uses_metadata: ClassVar[bool] = False

    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> HrnnModel:
        return self._train(data, hyperparameters, options)

    def finish(
        self, measured: Model, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> HrnnModel:
        """Go on from the measured model, which most users have trained already."""
        assert isinstance(measured, HrnnModel)
        return self._train(
            data, hyperparameters, options, Continuation(measured, FINISHING_EPOCHS, FINISHING_RATE)
        )

    def _train(
        self,
        data: TrainingData,
        hyperparameters: Any,
        options: TrainingOptions,
        continuation: Continuation | None = None,
    ) -> HrnnModel:
        log = EventLog.of(data)
        log = log.select(
            log.within_history_percentiles(
                hyperparameters.min_user_history_length_percentile,
                hyperparameters.max_user_history_length_percentile,
            )
        )
        log = replace(log, weight=log.weight * recency_weight(log.time, uses_recency(hyperparameters)))
        options.step(0.0, f"{len(log)} events of {len(log.users)} users with {len(log.items)} items")
        encoders = continuation.model.encoders if continuation else self._encoders(data)
        start = Initialisation(
            vectors=INITIAL_VECTOR_DEVIATION * item_vectors(log, EMBEDDING_DIMENSION, options.seed),
            item_features=_encoded(encoders.items, data.items, "ITEM_ID", log.items),
            user_features=_encoded(encoders.users, data.users, "USER_ID", log.users),
            context=encoders.context.encode(data.interactions).toarray()[log.row],
            continuation=continuation,
        )
        training = Training(data, log, hyperparameters, options)
        return self.build(training, fit(training, start), encoders)

    def _encoders(self, data: TrainingData) -> Encoders:
        if not self.uses_metadata:
            return Encoders()
        schemas = data.schemas
        return Encoders(
            Features.fit(data.items, schemas.get("items"), _names(data.items)),
            Features.fit(data.users, schemas.get("users"), _names(data.users)),
            Features.fit(data.interactions, schemas.get("interactions"), sorted(context_columns(data))),
        )

    def build(self, training: Training, result: FitResult, encoders: Encoders) -> HrnnModel:
        """A model of the fitted network; items without events are recommended if metadata describe them."""
        parameters = dict(result.parameters)
        parameters["fitted_bias"] = np.where(result.trained, parameters["bias"], -np.inf).astype(np.float32)
        bias = np.where(result.trained, parameters["bias"], -np.inf).astype(np.float32)
        if encoders.items.width:
            has_metadata = result.item_features.any(axis=1) & ~result.trained
            bias[has_metadata] = cold_bias(bias)
        parameters["bias"] = bias
        model = self.model(training.log.items, parameters, encoders)
        model.repeat = repeat_bias(model, training.log)
        return model


class HrnnMetadata(Hrnn):
    name = "aws-hrnn-metadata"
    description = "Like aws-hrnn, with what is known of items, users and the context."
    algorithm = "aws-hrnn-metadata"
    feature_transformation = "featurize_metadata"
    model: ClassVar[type[HrnnModel]] = HrnnMetadataModel
    uses_metadata = True


def uses_recency(hyperparameters: Any) -> bool:
    """Whether newer events count more: `recency_mask`, which newer recipes call `apply_recency_bias`."""
    for name in ("recency_mask", "apply_recency_bias"):
        if hasattr(hyperparameters, name):
            return bool(getattr(hyperparameters, name))
    return True


def recency_weight(time: np.ndarray, uses_recency: bool) -> np.ndarray:
    """float32 [events]: from 1 for the newest towards one half, halving the rest every quarter of the span."""
    if not uses_recency or len(time) == 0:
        return np.ones(len(time), np.float32)
    age = (time.max() - time) / max(1, (time.max() - time.min()) / 4)
    weight: np.ndarray = (0.5 + 0.5 * 0.5**age).astype(np.float32)
    return weight


def _names(table: pa.Table | None) -> list[str]:
    return [] if table is None else sorted(table.column_names)


def _encoded(features: Features, table: pa.Table | None, key: str, rows: Any) -> np.ndarray:
    """float32 [len(rows), width]: features of each id of a vocabulary, 0 for those the table lacks."""
    result = np.zeros((len(rows), features.width), np.float32)
    if table is not None and features.width:
        indices = rows.index(table[key])
        result[indices[indices >= 0]] = features.encode(table).toarray()[indices >= 0]
    return result
