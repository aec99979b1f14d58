"""A dataset group from data to recommendations, a line a step."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from localpersonalize.sdk.accounts import Account
from localpersonalize.sdk.tables import Data, avro_schema, csv_of, table_of

RECIPE = "arn:aws:personalize:::recipe/"
WAIT_SECONDS = 3600.0
_DOMAIN_RECIPE = re.compile(r"aws-(ecomm|vod)-")


class JobFailedError(Exception):
    """A resource did not become ACTIVE; the text says which, and its failure reason."""


@dataclass
class Served:
    """What answers: a campaign or a recommender, or only a solution version where the recipe answers in batches."""

    account: Account
    version_arn: str
    arn: str
    metrics: Mapping[str, float]

    def recommend(
        self, user: str | None = None, item: str | None = None, number: int = 25, **more: Any
    ) -> list[str]:
        """Item ids, the best first.

        :param more: of GetRecommendations: `filterArn`, `context`, ...
        """
        which = "recommenderArn" if ":recommender/" in self.arn else "campaignArn"
        asked_for = {"userId": user, "itemId": item}
        request = {name: value for name, value in asked_for.items() if value is not None}
        answer = self._runtime().get_recommendations(
            **{which: self.arn}, numResults=number, **request, **more
        )
        return [str(entry["itemId"]) for entry in answer["itemList"]]

    def rank(self, user: str, items: Sequence[str], **more: Any) -> list[str]:
        """The same items, the best first."""
        answer = self._runtime().get_personalized_ranking(
            campaignArn=self.arn, userId=user, inputList=list(items), **more
        )
        return [str(entry["itemId"]) for entry in answer["personalizedRanking"]]

    def _runtime(self) -> Any:
        return self.account.client("personalize-runtime")


@dataclass
class DatasetGroup:
    """A dataset group of an account; made when it is first used, taken as it is if there is one of its name."""

    account: Account
    name: str = "group"
    domain: str | None = None
    _arn: str = field(default="", repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def arn(self) -> str:
        if not self._arn:
            domain = {"domain": self.domain} if self.domain else {}
            self._arn = self._make("DatasetGroup", name=self.name, **domain)
        return self._arn

    @property
    def personalize(self) -> Any:
        """The boto3 client of the control plane."""
        if "personalize" not in self._clients:
            self._clients["personalize"] = self.account.client("personalize")
        return self._clients["personalize"]

    def import_data(
        self, dataset_type: str, data: Data, schema: str | None = None, mode: str = "FULL"
    ) -> str:
        """Import a data frame, a CSV file or rows into a dataset; its ARN.

        :param dataset_type: `Interactions`, `Items`, `Users`, `Actions` or `Action_Interactions`.
        :param schema: Avro; by default one that is made from the data.
        :raises JobFailedError: with the reason of an import that fails.
        """
        table = table_of(data)
        arn = self._dataset(dataset_type, schema or avro_schema(table, dataset_type))
        name = f"{dataset_type}-{time.time_ns()}"
        source = self.account.upload(f"{self.name}/{name}.csv", csv_of(table))
        self._make(
            "DatasetImportJob",
            "jobName",
            jobName=name,
            datasetArn=arn,
            roleArn=self.account.role(),
            dataSource={"dataLocation": source},
            importMode=mode,
        )
        return arn

    def train(
        self,
        recipe: str,
        name: str | None = None,
        hyperparameters: Mapping[str, object] | None = None,
        solution_config: Mapping[str, Any] | None = None,
        campaign: str | None = None,
    ) -> Served:
        """Train a recipe, `aws-user-personalization-v2` for example, and serve it.

        :param name: of the solution, or of the recommender of a domain's recipe; that of the recipe by default.
        :param campaign: its name; that of the solution by default.
        :raises JobFailedError: with the reason of a training that fails.
        """
        name = name or recipe
        if _DOMAIN_RECIPE.match(recipe):
            arn = self._make("Recommender", name=name, datasetGroupArn=self.arn, recipeArn=RECIPE + recipe)
            made = self.personalize.describe_recommender(recommenderArn=arn)["recommender"]
            return Served(self.account, arn, arn, made.get("modelMetrics", {}))
        config: dict[str, Any] = dict(solution_config or {})
        if hyperparameters:
            config["algorithmHyperParameters"] = {key: str(value) for key, value in hyperparameters.items()}
        solution = self._make(
            "Solution",
            name=name,
            datasetGroupArn=self.arn,
            recipeArn=RECIPE + recipe,
            performAutoTraining=False,
            solutionConfig=config,
        )
        version = self._make("SolutionVersion", solutionArn=solution)
        metrics = self.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        details = self.personalize.describe_recipe(recipeArn=RECIPE + recipe)["recipe"]
        if details["recipeType"] == "USER_SEGMENTATION":
            return Served(self.account, version, "", metrics)
        arn = self._make("Campaign", name=campaign or name, solutionVersionArn=version)
        return Served(self.account, version, arn, metrics)

    def filter(self, name: str, expression: str) -> str:
        """A filter; its ARN."""
        return self._make("Filter", name=name, datasetGroupArn=self.arn, filterExpression=expression)

    def event_tracker(self, name: str = "tracker") -> str:
        """An event tracker; its tracking id, for PutEvents."""
        arn = self._make("EventTracker", name=name, datasetGroupArn=self.arn)
        tracker = self.personalize.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
        return str(tracker["trackingId"])

    def has_solution(self, name: str) -> bool:
        """Whether a solution, or a recommender, of this name is there."""
        solutions = self.personalize.list_solutions(datasetGroupArn=self.arn)["solutions"]
        recommenders = self.personalize.list_recommenders(datasetGroupArn=self.arn)["recommenders"]
        return name in {entry["name"] for entry in [*solutions, *recommenders]}

    def has_data(self, dataset_type: str) -> bool:
        """Whether there is a dataset of a type, filled or not."""
        listed = self.personalize.list_datasets(datasetGroupArn=self.arn)["datasets"]
        return dataset_type.upper() in {entry["datasetType"].upper() for entry in listed}

    def _dataset(self, dataset_type: str, schema: str) -> str:
        for entry in self.personalize.list_datasets(datasetGroupArn=self.arn)["datasets"]:
            if entry["datasetType"].upper() == dataset_type.upper():
                return str(entry["datasetArn"])
        name = f"{self.name}-{dataset_type}"
        schema_arn = self._make(
            "Schema", name=name, schema=schema, **({"domain": self.domain} if self.domain else {})
        )
        return self._make(
            "Dataset", name=name, schemaArn=schema_arn, datasetGroupArn=self.arn, datasetType=dataset_type
        )

    def _make(self, kind: str, named_by: str = "name", **parameters: Any) -> str:
        """Create a resource, or take the one of its name, and wait until it is ACTIVE; its ARN."""
        key, snake = kind[0].lower() + kind[1:], re.sub(r"(?<!^)([A-Z])", r"_\1", kind).lower()
        try:
            arn = str(getattr(self.personalize, f"create_{snake}")(**parameters)[f"{key}Arn"])
        except ClientError as error:
            if (
                error.response["Error"]["Code"] != "ResourceAlreadyExistsException"
                or named_by not in parameters
            ):
                raise
            arn = self._existing(kind, key, snake, parameters[named_by])
        if kind != "Schema":
            self._wait(key, snake, arn)
        return arn

    def _existing(self, kind: str, key: str, snake: str, name: str) -> str:
        paginator = self.personalize.get_paginator(f"list_{snake}s")
        for page in paginator.paginate():
            listed = next(page[member] for member in page if member.lower() == f"{key}s".lower())  # `Filters`
            for entry in listed:
                if entry.get("name", entry.get("jobName")) == name:
                    return str(entry[f"{key}Arn"])
        raise JobFailedError(f"{kind} {name} exists and is not listed: it is being deleted. Try again.")

    def _wait(self, key: str, snake: str, arn: str) -> None:
        """
        :raises JobFailedError: if it ends in another state than ACTIVE, or in none for an hour.
        """
        describe = getattr(self.personalize, f"describe_{snake}")
        began = time.monotonic()
        while True:
            body = describe(**{f"{key}Arn": arn})[key]
            status, waited = str(body["status"]), time.monotonic() - began
            if status == "ACTIVE":
                return
            if status.endswith(("FAILED", "STOPPED")):
                raise JobFailedError(f"{arn} is {status}: {body.get('failureReason', 'no reason is given')}")
            if waited > WAIT_SECONDS:
                raise JobFailedError(f"{arn} is {status} after {WAIT_SECONDS:.0f} s.")
            time.sleep(min(1.0, 0.05 + waited / 20))
