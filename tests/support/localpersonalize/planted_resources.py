"""Resources, files and data of one dataset group, as the runtime asks for them, without the rest of the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.registry import recipe
from localpersonalize.resource_types import Resource, ResourceKind
from localpersonalize.runtime.histories import StreamedEvent

GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"
ARN = "arn:aws:personalize:us-east-1:123456789012:"
PAIRS = {"min_cointeraction_count": "1"}


def interactions(popular: str, seed: int = 0) -> pa.Table:
    """40 users; everybody touched `popular`, and pairs of items that belong together."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(40):
        pair = int(rng.integers(0, 5))
        rows += [(f"u{user}", f"a{pair}", 10), (f"u{user}", f"b{pair}", 20), (f"u{user}", popular, 30)]
    users, items, times = zip(*rows, strict=True)
    return pa.table(
        {"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": times, "EVENT_TYPE": ["view"] * len(rows)}
    )


class PlantedResources:
    """Implements `localpersonalize.runtime.interfaces`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bodies: dict[str, dict[str, Any]] = {}
        self.bulk = interactions("hit")
        self.item_table: pa.Table | None = pa.table({"ITEM_ID": ["a0", "b0"], "KIND": ["x", "y"]})
        self.events: list[StreamedEvent] = []

    def train(self, name: str, recipe_name: str, popular: str = "hit", hyperparameters: Any = None) -> str:
        trained = recipe(recipe_name)
        parameters = trained.hyperparameters.parse(hyperparameters or {}, recipe_name)
        model = trained.train(TrainingData(interactions(popular)), parameters, TrainingOptions())
        (self.folder / name).mkdir()
        model.save(self.folder / name)
        arn = f"{ARN}solution/{name}/v"
        self.bodies[arn] = {"recipeArn": trained.arn, "datasetGroupArn": GROUP, "solutionConfig": {}}
        return arn

    def campaign(self, name: str, version: str, status: str = "ACTIVE", **config: Any) -> str:
        arn = f"{ARN}campaign/{name}"
        self.bodies[arn] = {"solutionVersionArn": version, "status": status, "campaignConfig": config}
        return arn

    def add_filter(self, expression: str, group: str = GROUP, status: str = "ACTIVE") -> str:
        arn = f"{ARN}filter/f{len(self.bodies)}"
        self.bodies[arn] = {"datasetGroupArn": group, "filterExpression": expression, "status": status}
        return arn

    def find(self, kind: ResourceKind[Resource], arn: str) -> Resource | None:
        return cast("Resource | None", self.bodies.get(arn))

    def model_directory(self, arn: str) -> Path:
        return self.folder / arn.split("/")[1]

    def bulk_interactions(self, group_arn: str) -> pa.Table:
        return self.bulk

    def streamed_events(self, group_arn: str) -> list[StreamedEvent]:
        return list(self.events)

    def items(self, group_arn: str) -> pa.Table | None:
        return self.item_table

    def users(self, group_arn: str) -> pa.Table | None:
        return None

    def schema(self, group_arn: str, dataset_type: str) -> dict[str, Any]:
        return {"fields": [{"name": "KIND", "type": "string", "categorical": True}]}
