"""Sizes a training to its data, runs it, and takes the result out of JAX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.batching import SequenceBatches
from localpersonalize.recipes.hrnn.model import HrnnModel

MIN_TRAINED_EVENTS = 1_200_000  # over all epochs, for small data
FULL_SOFTMAX_ITEMS = 1024  # items up to which the softmax is over all of them
NEGATIVE_SAMPLES = 512  # more for more than MANY_ITEMS
MANY_ITEMS, MANY_SAMPLES = 10_000, 1024
MOST_EPOCHS = 10
#: Of the -v2 recipes, which have no hyperparameter for it; on MovieLens as good as 64 and 10, in less time.
V2_HIDDEN_DIMENSION, V2_MOST_EPOCHS = 48, 8
MIN_STEPS = 400  # small data is gone through until there were so many
RATE = 3e-3
#: Share of the epochs, and learning rate, for a model of yesterday, and for one that lacks the held-out users.
UPDATE_EPOCHS, UPDATE_RATE = 0.2, 1e-3
FINISHING_EPOCHS, FINISHING_RATE = 0.3, 1e-3
MIN_CONTINUED_EPOCHS = 2
SHARED_PARAMETERS = (
    "input",
    "input_bias",
    "session_recurrent",
    "user_input",
    "user_bias",
    "user_recurrent",
    "begin",
    "begin_bias",
    "output_session",
    "output_user",
    "output_bias",
    "memory",
    "item_features",
    "user_features",
    "context",
)


@dataclass(frozen=True)
class Training:
    """What is trained on, and how; `log` is of `data`, without the users left out."""

    data: TrainingData
    log: EventLog
    hyperparameters: Any
    options: TrainingOptions


@dataclass(frozen=True)
class Continuation:
    """Going on from a trained model: this share of the epochs of a training anew, at a learning rate."""

    model: HrnnModel
    epochs: float
    rate: float


@dataclass(frozen=True)
class Initialisation:
    """Where training starts: item vectors, features (float32, dense), and a model to continue from."""

    vectors: np.ndarray
    item_features: np.ndarray
    user_features: np.ndarray
    context: np.ndarray
    continuation: Continuation | None = None


@dataclass(frozen=True)
class FitResult:
    """`parameters`: of the network, with `vectors` and `bias` of all items; `trained`: bool [items]."""

    parameters: dict[str, np.ndarray]
    trained: np.ndarray
    item_features: np.ndarray
    losses: list[float]


def fit(training: Training, initialisation: Initialisation) -> FitResult:
    """Train the network on the log."""
    from localpersonalize.recipes.hrnn import network

    log, hyperparameters, options = training.log, training.hyperparameters, training.options
    counts = np.bincount(log.item, minlength=len(log.items))
    bias = (np.log(counts + 1.0) - np.log(counts + 1.0).mean()).astype(np.float32)
    metadata_weights = regress_on_features(initialisation.vectors, initialisation.item_features, counts)
    residuals = initialisation.vectors - initialisation.item_features @ metadata_weights
    residuals[counts == 0] = 0.0
    widths = (
        initialisation.item_features.shape[1],
        initialisation.user_features.shape[1],
        initialisation.context.shape[1],
    )
    tree = network.initial(residuals, bias, hidden_dimension_of(hyperparameters), widths, options.seed)
    tree["item_features"] = metadata_weights
    if initialisation.continuation is not None:
        tree = _continued(tree, initialisation.continuation.model, log, initialisation.item_features)
    inputs = network.Inputs(
        item=log.item,
        user=log.user,
        item_features=initialisation.item_features,
        user_features=initialisation.user_features,
        context=initialisation.context,
        frequency=counts / counts.sum(),
    )
    plan = plan_of(log, hyperparameters, options.seed, initialisation.continuation)
    tree, losses = network.train(
        tree,
        inputs,
        lambda rng: SequenceBatches.of(log, log.weight, plan.lanes, plan.time, rng),
        plan,
        lambda fraction, message: options.step(0.05 + 0.9 * fraction, message),
    )
    parameters = {name: np.array(values, np.float32) for name, values in tree.items()}
    from_metadata = initialisation.item_features @ parameters["item_features"]
    parameters["vectors"] = np.add(parameters.pop("items"), from_metadata, dtype=np.float32)
    return FitResult(parameters, counts > 0, initialisation.item_features, losses)


def hidden_dimension_of(hyperparameters: Any) -> int:
    return int(getattr(hyperparameters, "hidden_dimension", V2_HIDDEN_DIMENSION))


def plan_of(log: EventLog, hyperparameters: Any, seed: int, continuation: Continuation | None = None) -> Any:
    """Lanes, epochs and samples for a training of this size."""
    from localpersonalize.recipes.hrnn.network import TrainingPlan

    time = int(getattr(hyperparameters, "bptt", 32))
    lanes = int(np.clip(len(log) // 6000, 4, 128))
    most = MOST_EPOCHS if hasattr(hyperparameters, "hidden_dimension") else V2_MOST_EPOCHS
    epochs = int(np.clip(round(MIN_TRAINED_EVENTS / len(log)), 3, most))
    epochs = min(60, max(epochs, -(-MIN_STEPS * lanes * time // len(log))))
    if continuation is not None:
        epochs = max(MIN_CONTINUED_EPOCHS, round(continuation.epochs * epochs))
    return TrainingPlan(
        lanes=lanes,
        time=time,
        epochs=epochs,
        samples=_negative_samples(len(log.items)),
        rate=continuation.rate if continuation is not None else RATE,
        seed=seed,
    )


def _negative_samples(items: int) -> int:
    """How many negatives the events of a step share; 0 for the softmax over all items."""
    if items <= FULL_SOFTMAX_ITEMS:
        return 0
    return NEGATIVE_SAMPLES if items <= MANY_ITEMS else MANY_SAMPLES


def regress_on_features(vectors: np.ndarray, features: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The part of item vectors that metadata predict: a ridge regression, float32 [width, embedding].

    Items count by the square root of their events.
    """
    weight = np.sqrt(counts)[:, None]
    gram = (features * weight).T @ features + np.eye(features.shape[1]) * max(1.0, 0.01 * weight.sum())
    return np.linalg.solve(gram, (features * weight).T @ vectors).astype(np.float32)


def _continued(
    tree: dict[str, Any], previous: HrnnModel, log: EventLog, item_features: np.ndarray
) -> dict[str, Any]:
    """Parameters of a trained model, for the items there are now."""
    old = previous.parameters
    tree = tree | {name: old[name] for name in SHARED_PARAMETERS}
    old_index = previous.items.index(log.items.array)
    fitted_bias = old.get("fitted_bias", old["bias"])  # earlier models have only the bias that answers
    is_known = (old_index >= 0) & (old_index < len(fitted_bias))
    is_known[is_known] = np.isfinite(fitted_bias[old_index[is_known]])
    vectors, bias = np.array(tree["items"]), np.array(tree["bias"])
    from_metadata = item_features @ old["item_features"]
    vectors[~is_known] = 0.0
    vectors[is_known] = old["vectors"][old_index[is_known]] - from_metadata[is_known]
    bias[is_known] = fitted_bias[old_index[is_known]]
    return tree | {"items": vectors, "bias": bias}
