"""A dataset group in process, as the page reads it: from an empty one to one that serves, and while parts of it go."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localpersonalize.page.groups import Group, find_group, read_group
from localpersonalize.page.service import Service, Start
from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.runtime.deployment import Deployment
from tests.support.localpersonalize.in_process import InProcessService
from tests.support.localpersonalize.planted_runtime import NextItem

METRICS = {"coverage": 0.5}


class PageShop:
    """A group in an in-process service; `gone`: an operation that finds nothing any more."""

    def __init__(self, folder: Path) -> None:
        self.service = InProcessService(folder)
        self.group_arn = self.service.group()
        self.gone = ""
        self.progress: dict[str, str] = {}

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == self.gone:
            raise NotFoundError("It is gone.")
        answer = dict(self.service.call(operation, **parameters))
        return {name: value for name, value in answer.items() if value is not None}

    @property
    def page(self) -> Service:
        start = Start("http://127.0.0.1:1", "us-east-1", "/data/credentials")
        return Service(self.call, self.service.context.engine, lambda arn: self.progress.get(arn, ""), start)

    def read(self) -> Group:
        return read_group(self.page, find_group(self.page, "shop"))

    def load(self, campaign: str) -> None:
        """A model in memory, as if its training had left one."""
        deployment = Deployment(
            campaign,
            "version",
            self.group_arn,
            "aws-user-personalization",
            "USER_PERSONALIZATION",
            NextItem(),
        )
        self.service.context.engine._deployments[campaign] = deployment

    def imported(self) -> None:
        self.service.create(
            "DatasetImportJob",
            jobName="first",
            datasetArn=self.dataset,
            dataSource={"dataLocation": "s3://data/interactions.csv"},
            roleArn="arn:aws:iam::123456789012:role/personalize",
            importMode="FULL",
        )

    def with_data(self) -> PageShop:
        self.dataset = self.service.interactions(self.group_arn)
        return self

    def trained(self) -> str:
        self.with_data().imported()
        version = self.service.version(self.service.solution(self.group_arn))
        self.service.context.database.change(version, _metrics=METRICS)
        return version

    def serving(self) -> PageShop:
        self.service.create("Campaign", name="front", solutionVersionArn=self.trained())
        self.service.create(
            "Filter",
            name="clicked",
            datasetGroupArn=self.group_arn,
            filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")',
        )
        return self
