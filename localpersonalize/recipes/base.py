"""What every recipe and every model has in common.

A recipe trains; a model answers. Scores are dense over the model's items, so that filters, promotions and
ranking of given lists are array operations that the runtime does the same way for every recipe.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.hyperparameters import Hyperparameters
from localpersonalize.recipes.vocabulary import Vocabulary

if TYPE_CHECKING:
    from localpersonalize.recipes.objective import Objective

__all__ = [
    "Model",
    "Needs",
    "Recipe",
    "Request",
    "ScoreKind",
    "TrainingData",
    "TrainingError",
    "TrainingOptions",
    "TrainingStoppedError",
    "Vocabulary",
    "top_k",
    "top_k_of_each",
]

Needs = Literal["user", "item", "ranking", "nothing", "segment"]
"""What a request must bring: a user, an item, a user and a list to rank, nothing; or a batch segment job."""

ScoreKind = Literal["logit", "none"]
"""`logit`: softmax over all items gives the score the service shows. `none`: it shows no score."""

WEIGHT = "__WEIGHT"
"""Column of interactions that holds each event's weight (float32), when the solution weighs event types."""


class TrainingError(Exception):
    """The data does not allow this training; the text is the solution version's `failureReason`."""


class TrainingStoppedError(Exception):
    """Somebody stopped the training (`StopSolutionVersionCreation`)."""


@dataclass(frozen=True)
class TrainingData:
    """The datasets of a dataset group, with column names in upper case.

    `interactions`: USER_ID, ITEM_ID (string), TIMESTAMP (int64, epoch seconds), optionally EVENT_TYPE,
    EVENT_VALUE, IMPRESSION ('|'-separated item ids) and context columns. `users`, `items`: USER_ID or ITEM_ID
    and metadata columns, one row an id. `schemas`: by dataset type in lower case ("interactions", "users",
    "items"), the Avro schema as a dict; its field names may be in either case.
    """

    interactions: pa.Table
    users: pa.Table | None = None
    items: pa.Table | None = None
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _ignore(fraction: float, message: str) -> None:
    """Progress that nobody watches."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class TrainingOptions:
    """How to train, as opposed to what: the same seed and threads give the same model."""

    seed: int = 0
    threads: int = 2
    progress: Callable[[float, str], None] = _ignore
    should_stop: Callable[[], bool] = _never
    now: int | None = None  # epoch seconds that "current time" means; None: the newest interaction
    objective: Objective | None = None

    def step(self, fraction: float, message: str) -> None:
        """Report progress (0 to 1).

        :raises TrainingStoppedError: if training was asked to stop.
        """
        self.progress(fraction, message)
        if self.should_stop():
            raise TrainingStoppedError(message)


def _no_items() -> np.ndarray:
    return np.empty(0, np.int32)


def _no_times() -> np.ndarray:
    return np.empty(0, np.int64)


@dataclass(frozen=True)
class Request:
    """One query, after the caller looked up what is known of the user.

    `history_items`: indices in `model.items` (int32), oldest first, -1 for items the model does not know;
    `history_times`: their epoch seconds (int64).
    """

    user_id: str | None = None
    item_id: str | None = None
    history_items: np.ndarray = field(default_factory=_no_items)
    history_times: np.ndarray = field(default_factory=_no_times)
    context: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, Any] | None = None
    now: int = 0


class Model(ABC):
    """A trained model: immutable, but for items added later."""

    recipe: ClassVar[str]
    needs: ClassVar[Needs] = "user"
    uses_history: ClassVar[bool] = False
    score_kind: ClassVar[ScoreKind] = "none"
    items: Vocabulary

    @abstractmethod
    def score(self, requests: Sequence[Request]) -> np.ndarray:
        """How well each item suits each request: float32 [requests, items]; -inf: never to be recommended."""

    def prepare(self, requests: Sequence[Request]) -> None:  # noqa: B027 - most models have nothing to keep
        """Do ahead what later requests of the same users would wait for, such as reading their histories."""

    def add_items(self, items: pa.Table) -> None:  # noqa: B027 - most recipes can't use items without events
        """Take in items (ITEM_ID and metadata) that came after training; elsewhere does nothing."""

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the model into an existing, empty directory."""

    @classmethod
    @abstractmethod
    def load(cls, directory: Path) -> Model:
        """Read a model that `save` wrote.

        :raises ValueError: if another version of the format wrote it.
        """


class Recipe(ABC):
    """How to train one kind of model."""

    name: ClassVar[str]
    recipe_type: ClassVar[str]
    description: ClassVar[str] = ""
    algorithm: ClassVar[str]  # last part of the algorithm's ARN
    feature_transformation: ClassVar[str]  # last part of the feature transformation's ARN
    hyperparameters: ClassVar[type[Hyperparameters]]
    model: ClassVar[type[Model]]
    can_update: ClassVar[bool] = False
    takes_objective: ClassVar[bool] = False
    takes_event_weights: ClassVar[bool] = False
    required_datasets: ClassVar[tuple[str, ...]] = ("interactions",)

    @property
    def arn(self) -> str:
        return f"arn:aws:personalize:::recipe/{self.name}"

    def check(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> None:  # noqa: B027
        """Refuse data, before anything is trained on parts of it, that this recipe can't work with.

        :raises TrainingError: with the reason.
        """

    @abstractmethod
    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> Model:
        """Train on all of the data.

        :param hyperparameters: an instance of `self.hyperparameters`.
        :raises TrainingError: if the data does not allow it.
        :raises TrainingStoppedError: if it was asked to stop.
        """

    def update(
        self, previous: Model, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> Model:
        """Bring a model up to date with new data without training from the start.

        :raises TrainingError: if this recipe can't.
        """
        raise TrainingError(f"{self.name} can't be trained with trainingMode UPDATE. Use FULL.")


def top_k(scores: np.ndarray, k: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Indices (int64) of the `k` best scores of one row, best first, ties by index; never one that is -inf.

    :param scores: float [items].
    :param mask: bool [items], False: leave out.
    """
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    if k < len(scores):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        best = np.flatnonzero(scores >= threshold)
    else:
        best = np.arange(len(scores))
    best = best[np.argsort(-scores[best], kind="stable")][:k]
    return best[scores[best] > -np.inf]


def top_k_of_each(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """`top_k` of every row at once: the columns (int64), row after row, and where each row's begin (int64 [rows + 1]).

    :param scores: float [rows, items].
    """
    if k < scores.shape[1]:
        place = scores.shape[1] - k
        threshold = np.partition(scores, place, axis=1)[:, place]
        found = np.flatnonzero(scores >= threshold[:, None])
    else:
        found = np.arange(scores.size)
    row, column = np.divmod(found, scores.shape[1])
    value = scores[row, column]
    order = np.lexsort((column, -value, row))
    order = order[value[order] > -np.inf]
    starts = np.searchsorted(row[order], np.arange(len(scores) + 1))
    within = np.arange(len(order)) - starts[row[order]] < k
    return column[order[within]], np.append(0, np.cumsum(np.minimum(np.diff(starts), k)))
