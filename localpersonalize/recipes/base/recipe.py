"""What every recipe has in common: it trains, and what it trained answers (`model.Model`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.base.options import TrainingOptions


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
    explores: ClassVar[bool] = False  # may a campaign recommend items with little data?
    answers_batches: ClassVar[bool] = True  # has the service batch inference jobs for it?
    required_datasets: ClassVar[tuple[str, ...]] = ("interactions",)
    required_item_fields: ClassVar[tuple[str, ...]] = ()  # marks that fields of the Items schema must have

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

    def finish(
        self, measured: Model, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> Model:
        """The model that serves, trained on all of the data.

        :param measured: trained on a part of the data, with the same hyperparameters; a recipe that need not begin
            again goes on from there.
        """
        return self.train(data, hyperparameters, options)

    def update(
        self, previous: Model, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> Model:
        """Bring a model up to date with new data without training from the start.

        :raises TrainingError: if this recipe can't.
        """
        raise TrainingError(f"{self.name} can't be trained with trainingMode UPDATE. Use FULL.")
