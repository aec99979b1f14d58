"""What every trained model has in common: it scores all of its items for a request.

Scores are dense over the model's items, so that filters, promotions and ranking of given lists are array
operations that the runtime does the same way for every recipe.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.scores import DenseScores, Scores
from localpersonalize.recipes.base.vocabulary import Vocabulary

Needs = Literal["user", "item", "ranking", "nothing", "segment"]
"""What a request must bring: a user, an item, a user and a list to rank, nothing; or a batch segment job."""

ScoreKind = Literal["logit", "propensity", "none"]
"""`logit`: softmax over all items gives the score the service shows. `propensity`: the score, 0 to 1, is what it shows.
`none`: it shows no score."""


class Request(NamedTuple):
    """One query, after the caller looked up what is known of the user.

    `history_items`: indices in `model.items` (int32), oldest first, -1 for items the model does not know;
    `history_times`: their epoch seconds (int64).
    """

    user_id: str | None = None
    item_id: str | None = None
    history_items: np.ndarray = np.empty(0, np.int32)
    history_times: np.ndarray = np.empty(0, np.int64)
    context: Mapping[str, str] = MappingProxyType({})
    user: Mapping[str, Any] | None = None
    now: int = 0


class Model(ABC):
    """A trained model: immutable, but for items added later."""

    recipe: ClassVar[str]
    needs: ClassVar[Needs] = "user"
    uses_history: ClassVar[bool] = False
    score_kind: ClassVar[ScoreKind] = "none"
    follows_events: ClassVar[bool] = False
    follows_items: ClassVar[bool] = False
    items: Vocabulary

    @abstractmethod
    def score(self, requests: Sequence[Request]) -> np.ndarray:
        """How well each item suits each request: float32 [requests, items]; -inf: never to be recommended."""

    def scores_for(self, requests: Sequence[Request]) -> Sequence[Scores]:
        """`score` as far as single answers need it: without a look at every item, where that would take long."""
        return [DenseScores(row) for row in self.score(requests)]

    def build_index(self) -> None:  # noqa: B027 - most models look at every item
        """Get ready for `scores_for` of very many items, after they were loaded or others were added."""

    def prepare(self, requests: Sequence[Request]) -> None:  # noqa: B027 - most models have nothing to keep
        """Do ahead what later requests of the same users would wait for, such as reading their histories."""

    def add_items(self, items: pa.Table) -> None:  # noqa: B027 - most recipes can't use items without events
        """Add items (ITEM_ID and metadata) that came after training; elsewhere does nothing.

        Where `follows_items`, also items that the model knows, whose metadata may be others by now.
        """

    def follow_events(  # noqa: B027 - most recipes learn from events when they are trained
        self, ids: Sequence[str], items: np.ndarray, times: np.ndarray
    ) -> None:
        """Look at all events there are by now, where `follows_events`; elsewhere does nothing.

        :param ids: item ids.
        :param items: int32 [events], indices in `ids`.
        :param times: epoch seconds, int64 [events].
        """

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the model into an existing, empty directory."""

    @classmethod
    @abstractmethod
    def load(cls, directory: Path) -> Self:
        """Read a model that `save` wrote.

        :raises ValueError: if another version of the format wrote it.
        """
