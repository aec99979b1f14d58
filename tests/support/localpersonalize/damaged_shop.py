"""A shop in a service of the test's process, whose files can be damaged one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.popularity.popularity_count import PopularityModel
from localpersonalize.resources.damage import DamageReports
from localpersonalize.runtime.adapters import RuntimeSources
from localpersonalize.runtime.engine import Runtime
from localpersonalize.training.train import save
from tests.support.localpersonalize.in_process import InProcessService

SCHEMA = pa.schema(
    {"USER_ID": pa.string(), "ITEM_ID": pa.string(), "TIMESTAMP": pa.int64(), "EVENT_TYPE": pa.string()}
)


class DamagedShop:
    """A service whose files can be damaged, put together as the application does it."""

    def __init__(self, service: InProcessService) -> None:
        self.service, self.context = service, service.context
        self.group = service.group()
        self.dataset = service.interactions(self.group)
        self.solution = service.solution(self.group)
        self.reports = DamageReports(self.context.database, self.context.tables, self.context.data_dir)
        self.restart()

    def restart(self) -> None:
        context = self.context
        sources = RuntimeSources(context.database, context.tables, context.model_folder, self.reports.of_file)
        object.__setattr__(context, "engine", Runtime(sources, sources, self.reports.of_campaign))

    def imported(self, name: str) -> Path:
        """An ACTIVE import job; the file with its data."""
        job = f"arn:aws:personalize:us-east-1:123456789012:dataset-import-job/{name}"
        batch = pa.record_batch([["u"], [f"item-of-{name}"], [1], ["view"]], schema=SCHEMA)
        self.context.tables.write_version(self.dataset, name, SCHEMA, [batch])
        body = {"datasetImportJobArn": job, "datasetArn": self.dataset, "status": "ACTIVE"}
        self.context.database.add("DatasetImportJob", job, body, self.dataset)
        dataset = self.context.database.get(self.dataset) or {}
        self.context.database.change(self.dataset, _versions=[*dataset.get("_versions", []), name])
        return self.context.tables.version_folder(self.dataset, name) / "data.arrow"

    def trained(self) -> tuple[str, Path]:
        """An ACTIVE solution version; its ARN and the folder of its model."""
        version = self.service.version(self.solution)
        folder = self.context.model_folder(version)
        save(PopularityModel(Vocabulary(["a", "b"]), np.array([2, 1])), folder)
        return version, folder

    def campaign(self, version: str) -> str:
        return self.service.create("Campaign", name="front", solutionVersionArn=version)

    def items(self, campaign: str) -> list[str]:
        answer = self.context.engine.get_recommendations({"campaignArn": campaign, "userId": "u"})
        return [item["itemId"] for item in answer["itemList"]]

    def describe(self, kind: str, arn: str) -> Any:
        member = kind[0].lower() + kind[1:]
        return self.service.call(f"Describe{kind}", **{f"{member}Arn": arn})[member]
