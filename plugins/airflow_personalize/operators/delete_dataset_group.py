"""Deleting a dataset group with everything in it, each kind when nothing depends on it any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import WaitTimeoutError, code_of, is_occupied
from airflow_personalize.operators.base import PersonalizeBaseOperator, repeatable
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import list_all
from airflow_personalize.triggers import stop_solution_version

if TYPE_CHECKING:
    from airflow.sdk import Context


# Kinds that can go at the same time; those of a line only when those of the lines before are gone.
ORDER = (
    ("campaign", "recommender", "filter", "event_tracker", "metric_attribution"),
    ("solution",),
    ("dataset",),
    ("dataset_group",),
)
LONGEST_PAUSE = 15.0
SCHEMAS = "personalize_schemas"
TRAINING = ("CREATE PENDING", "CREATE IN_PROGRESS")


class PersonalizeDeleteDatasetGroupTreeOperator(PersonalizeBaseOperator):
    """
    Delete a dataset group with all that it holds, in the order that the service asks for.

    Campaigns, recommenders, filters, event trackers and metric attributions go first, then solutions (whose
    trainings are stopped), then datasets, then the group. Each look begins with what is there, so that the
    task can be tried again at any moment, and what is gone already counts as deleted.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param delete_schemas: Whether to delete the schemas of its datasets too, where no other dataset uses them.
    """

    template_fields: Sequence[str] = aws_template_fields("dataset_group_arn")

    def __init__(self, *, dataset_group_arn: str, delete_schemas: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn
        self.delete_schemas = delete_schemas
        self._schemas: set[str] = set()

    @repeatable
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        number = int((event or {}).get("waited", 0)) + 1
        if self.delete_schemas and number == 1:
            self._remember_schemas(context)
        left = self._next()
        if not left:
            self._delete_schemas(context)
            self.log.info("%s and all it held are gone", self.dataset_group_arn)
            return None
        for kind, resource in left:
            self._delete(kind, resource)
        return self._again(context, number, left[0][1][_arn(left[0][0])])

    def _next(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What can be deleted now, or is leaving: all of the first kinds of which there are any."""
        for kinds in ORDER:
            found = [(kind, resource) for kind in kinds for resource in self._there(kind)]
            if found:
                return found
        return []

    def _there(self, kind: str) -> Iterator[Mapping[str, Any]]:
        if kind == "dataset_group":
            group = self.describe("dataset_group", datasetGroupArn=self.dataset_group_arn)
            yield from [group] if group else []
        elif kind == "campaign":  # listed by solution, not by group
            for solution in self._there("solution"):
                yield from self._list("campaigns", solutionArn=solution["solutionArn"])
        else:
            yield from self._list(f"{kind}s", datasetGroupArn=self.dataset_group_arn)

    def _list(self, plural: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        return list_all(self.client, f"list_{plural}", **arguments)

    def _delete(self, kind: str, resource: Mapping[str, Any]) -> None:
        arn = resource[_arn(kind)]
        if str(resource.get("status", "")).startswith("DELETE"):
            return
        try:
            getattr(self.change, f"delete_{kind}")(**{_arn(kind): arn})
            self.log.info("Deleting %s", arn)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return
            if not is_occupied(error):
                raise
            self.log.info("Not yet: %s", error)
            if kind == "solution":
                self._stop_trainings(arn)

    def _stop_trainings(self, solution_arn: str) -> None:
        for version in self._list("solution_versions", solutionArn=solution_arn):
            if version["status"] in TRAINING:
                stop_solution_version(self.hook, version["solutionVersionArn"])

    def _remember_schemas(self, context: Context) -> None:
        """Keep which schemas the datasets use: nothing tells once they are gone."""
        datasets = (
            self.describe("dataset", datasetArn=entry["datasetArn"]) for entry in self._there("dataset")
        )
        self._schemas = set(self._known_schemas(context)) | {
            there["schemaArn"] for there in datasets if there
        }
        store = context.get("task_state_store")
        if store is not None and self._schemas:
            store.set(SCHEMAS, sorted(self._schemas))

    def _known_schemas(self, context: Context) -> Iterable[str]:
        store = context.get("task_state_store")
        return (store.get(SCHEMAS) if store is not None else None) or self._schemas

    def _delete_schemas(self, context: Context) -> None:
        for arn in self._known_schemas(context) if self.delete_schemas else ():
            try:
                self.change.delete_schema(schemaArn=arn)
                self.log.info("Deleted schema %s", arn)
            except ClientError as error:
                if code_of(error) not in ("ResourceNotFoundException", "ResourceInUseException"):
                    raise
                self.log.info("Schema %s: %s", arn, code_of(error))

    def _again(self, context: Context, number: int, arn: str) -> None:
        """Look again when some of it may be gone."""
        if number > (self.waiter_max_attempts or 240):
            raise WaitTimeoutError(arn, "still there", "It is not gone after the last look.")
        return self.again(context, number, LONGEST_PAUSE)


def _arn(kind: str) -> str:
    """The ARN member of a kind: dataset_group becomes datasetGroupArn."""
    first, *rest = kind.split("_")
    return first + "".join(word.capitalize() for word in rest) + "Arn"


class PersonalizeDeleteDatasetGroupOperator(PersonalizeDeleteOperator):
    """
    Delete an empty dataset group; for one with all that it holds, see `PersonalizeDeleteDatasetGroupTreeOperator`.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    kind, argument = "dataset_group", "datasetGroupArn"
    template_fields: Sequence[str] = aws_template_fields("dataset_group_arn")

    def __init__(self, *, dataset_group_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn
