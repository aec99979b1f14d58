"""Datasets: made once, found by name ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import error_code
from airflow_personalize.export.schema.avro import parse_schema, schema_hash
from airflow_personalize.operators.base import PersonalizeCreateOperator
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.operators.schema import ensure_schema
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetOperator(PersonalizeCreateOperator):
    """
    Make sure that a dataset group has a dataset of a type, with a schema.

    If the dataset has another schema, it is updated where the service allows that (fields were added that may
    be null); otherwise the task fails with the steps that lead on.

    :param dataset_name: Name of the dataset. (templated)
    :param dataset_type: ``Interactions``, ``Users``, ``Items``, ``Actions`` or ``Action_Interactions``. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param schema_arn: ARN of the schema. (templated)
    :param schema: Instead of ``schema_arn``, the Avro schema: a dict, JSON text, or a ``.json`` file on the template
        search path. It is made where there is none, under the dataset's name and its content's hash; a dataset that
        has a schema of this content keeps it. (templated)
    :param domain: Domain of the dataset group that ``schema`` is for. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "dataset_name", "dataset_type", "dataset_group_arn", "schema_arn", "schema", "domain", "create_kwargs"
    )
    template_ext: Sequence[str] = (".json",)

    def __init__(
        self,
        *,
        dataset_name: str,
        dataset_type: str,
        dataset_group_arn: str,
        schema_arn: str | None = None,
        schema: dict[str, Any] | str | None = None,
        domain: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_name = dataset_name
        self.dataset_type = dataset_type
        self.dataset_group_arn = dataset_group_arn
        self.schema_arn, self.schema, self.domain = schema_arn, schema, domain
        self._schema_in_use = ""

    def execute(self, context: Context) -> str:
        if (self.schema_arn is None) == (self.schema is None):
            raise AirflowFailException(f"{self.task_id} needs schema_arn or schema, one of them.")
        self._schema_in_use = (
            self.schema_arn
            or self._same_schema()
            or ensure_schema(self, self.dataset_name, self.schema or "", self.domain)
        )
        arn, fresh = self.once(self._find, self._create)
        dataset = {} if fresh else self.describe("dataset", datasetArn=arn) or {}
        if dataset and self._schema_of(dataset) != self._schema_in_use:
            return self._change_schema(context, dataset)
        updated = "latestDatasetUpdate" in dataset
        waiter = "dataset_updated" if updated else "dataset_active"
        self.wait(context, waiter, fresh=fresh, datasetArn=arn)
        return arn

    def _same_schema(self) -> str | None:
        """The schema that the dataset has, if it is this one by another name: made by hand, or by someone else."""
        wanted = parse_schema(self.schema or "")
        arn = self._find()
        dataset = self.describe("dataset", datasetArn=arn) if arn else None
        if dataset is None:
            return None
        current = self._schema_of(dataset)
        if current.endswith(f"/{wanted.versioned_name(self.dataset_name)}"):
            return current
        text = (self.describe("schema", schemaArn=current) or {"schema": "{}"})["schema"]
        return current if schema_hash(text) == wanted.hash else None

    def _find(self) -> str | None:
        kind = self.dataset_type.upper()
        dataset = find_by(
            self.client,
            "list_datasets",
            matches=lambda dataset: dataset["datasetType"].upper() == kind,
            datasetGroupArn=self.dataset_group_arn,
        )
        return str(dataset["datasetArn"]) if dataset else None

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_dataset(
            name=self.dataset_name,
            datasetType=self.dataset_type,
            datasetGroupArn=self.dataset_group_arn,
            schemaArn=self._schema_in_use,
            **(self.create_kwargs or {}),
        )["datasetArn"]
        self.log.info("Created dataset %s", arn)
        return arn

    @staticmethod
    def _schema_of(dataset: dict[str, Any]) -> str:
        """The schema that a dataset has, or is on its way to."""
        update = dataset.get("latestDatasetUpdate", {})
        return str(
            dataset["schemaArn"]
            if update.get("status", "CREATE FAILED") in ("CREATE FAILED", "UPDATE FAILED")
            else update["schemaArn"]
        )

    def _change_schema(self, context: Context, dataset: dict[str, Any]) -> str:
        arn = str(dataset["datasetArn"])

        def changed() -> str | None:
            now = self.describe("dataset", datasetArn=arn)
            return arn if now and self._schema_of(now) == self._schema_in_use else None

        def update() -> str:
            self.non_retrying_client.update_dataset(datasetArn=arn, schemaArn=self._schema_in_use)
            return arn

        try:
            self.once(changed, update)
        except ClientError as error:
            if error_code(error) != "InvalidInputException":
                raise
            raise AirflowFailException(
                f"Dataset {arn} has the schema {dataset['schemaArn']}, and the service does not accept"
                f" {self._schema_in_use} in its place: {error.response['Error']['Message']}\n"
                f"A dataset with this schema has to be made anew: (1) delete the dataset {arn} (its campaigns go"
                " on serving what they were trained on), (2) trigger this DAG again: it makes the dataset and"
                " imports everything. To go back instead, restore the earlier schema file."
            ) from None
        self.log.info("Updating %s to schema %s", arn, self._schema_in_use)
        self.wait(context, "dataset_updated", datasetArn=arn)
        return arn


class PersonalizeDeleteDatasetOperator(PersonalizeDeleteOperator):
    """
    Delete a dataset and its data.

    :param dataset_arn: ARN of the dataset. (templated)
    """

    kind = "dataset"
