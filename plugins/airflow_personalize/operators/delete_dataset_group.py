"""Deleting a dataset group with everything in it, each kind when nothing depends on it any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.arns import arn_member
from airflow_personalize.exceptions import WaitTimeoutError, error_code, is_quota_or_in_use
from airflow_personalize.operators.base import PersonalizeBaseOperator, reentrant
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import list_all
from airflow_personalize.triggers import stop_solution_version

if TYPE_CHECKING:
    from airflow.sdk import Context


# Kinds that can go at the same time; those of a line only when those of the lines before are gone.
DELETION_ORDER = (
    ("campaign", "recommender", "filter", "event_tracker", "metric_attribution"),
    ("solution",),
    ("dataset",),
    ("dataset_group",),
)
MAX_DELETION_PAUSE = 15.0
MAX_ROUNDS = 240
#: Key of Airflow's task state store.
SCHEMAS_KEY = "personalize_schemas"
RUNNING_STATUSES = ("CREATE PENDING", "CREATE IN_PROGRESS")


class PersonalizeDeleteDatasetGroupTreeOperator(PersonalizeBaseOperator):
    """
    Delete a dataset group with all that it holds, in the order that the service asks for.

    Campaigns, recommenders, filters, event trackers and metric attributions go first, then solutions (whose
    trainings are stopped), then datasets, then the group. Each round begins with what is there, so that the
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

    @reentrant
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        number = int((event or {}).get("waited", 0)) + 1
        if self.delete_schemas and number == 1:
            self._remember_schemas(context)
        left = self._deletable()
        if not left:
            self._delete_schemas(context)
            self.log.info("%s and all it held are gone", self.dataset_group_arn)
            return None
        for kind, resource in left:
            self._delete(kind, resource)
        kind, resource = left[0]
        self._next_round(context, number, resource[arn_member(kind)])

    def _deletable(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What can be deleted now, or is leaving: all of the first kinds of which there are any."""
        for kinds in DELETION_ORDER:
            deletable = [(kind, resource) for kind in kinds for resource in self._resources(kind)]
            if deletable:
                return deletable
        return []

    def _resources(self, kind: str) -> Iterator[Mapping[str, Any]]:
        if kind == "dataset_group":
            group = self.describe("dataset_group", datasetGroupArn=self.dataset_group_arn)
            yield from [group] if group else []
        elif kind == "campaign":  # listed by solution, not by group
            for solution in self._resources("solution"):
                yield from self._list("campaigns", solutionArn=solution["solutionArn"])
        else:
            yield from self._list(f"{kind}s", datasetGroupArn=self.dataset_group_arn)

    def _list(self, plural: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        return list_all(self.client, f"list_{plural}", **arguments)

    def _delete(self, kind: str, resource: Mapping[str, Any]) -> None:
        arn = resource[arn_member(kind)]
        if str(resource.get("status", "")).startswith("DELETE"):
            return
        try:
            getattr(self.non_retrying_client, f"delete_{kind}")(**{arn_member(kind): arn})
            self.log.info("Deleting %s", arn)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return
            if not is_quota_or_in_use(error):
                raise
            self.log.info("Not yet: %s", error)
            if kind == "solution":
                self._stop_trainings(arn)

    def _stop_trainings(self, solution_arn: str) -> None:
        for version in self._list("solution_versions", solutionArn=solution_arn):
            if version["status"] in RUNNING_STATUSES:
                stop_solution_version(self.hook, version["solutionVersionArn"])

    def _remember_schemas(self, context: Context) -> None:
        """Keep which schemas the datasets use: nothing tells once they are gone."""
        datasets = (
            self.describe("dataset", datasetArn=entry["datasetArn"]) for entry in self._resources("dataset")
        )
        self._schemas = set(self._known_schemas(context)) | {
            dataset["schemaArn"] for dataset in datasets if dataset
        }
        store: Any = context.get("task_state_store")
        if store is not None and self._schemas:
            store.set(SCHEMAS_KEY, sorted(self._schemas))

    def _known_schemas(self, context: Context) -> Iterable[str]:
        store: Any = context.get("task_state_store")
        return (store.get(SCHEMAS_KEY) if store is not None else None) or self._schemas

    def _delete_schemas(self, context: Context) -> None:
        for arn in self._known_schemas(context) if self.delete_schemas else ():
            try:
                self.non_retrying_client.delete_schema(schemaArn=arn)
                self.log.info("Deleted schema %s", arn)
            except ClientError as error:
                if error_code(error) not in ("ResourceNotFoundException", "ResourceInUseException"):
                    raise
                self.log.info("Schema %s: %s", arn, error_code(error))

    def _next_round(self, context: Context, number: int, arn: str) -> NoReturn:
        """Go on when some of it may be gone."""
        if number > (self.waiter_max_attempts or MAX_ROUNDS):
            raise WaitTimeoutError(arn, "still there", "It is not gone after the last round.")
        self.reschedule(context, number, MAX_DELETION_PAUSE)


class PersonalizeDeleteDatasetGroupOperator(PersonalizeDeleteOperator):
    """
    Delete an empty dataset group; for one with all that it holds, see `PersonalizeDeleteDatasetGroupTreeOperator`.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    kind = "dataset_group"
