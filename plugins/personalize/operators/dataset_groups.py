"""Dataset groups, schemas and datasets: made once, found by name ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from personalize.export.schemas import parse_schema
from personalize.operators.base import PersonalizeBaseOperator
from personalize.operators.listing import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetGroupOperator(PersonalizeBaseOperator):
    """
    Make sure that a dataset group exists.

    :param dataset_group_name: Name of the dataset group. (templated)
    :param domain: ``ECOMMERCE`` or ``VIDEO_ON_DEMAND``; None for a custom dataset group. (templated)
    :param create_kwargs: Further arguments of ``CreateDatasetGroup``, e.g. ``tags``.
    """

    template_fields: Sequence[str] = aws_template_fields("dataset_group_name", "domain", "create_kwargs")

    def __init__(
        self, *, dataset_group_name: str, domain: str | None = None, create_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.dataset_group_name = dataset_group_name
        self.domain = domain
        self.create_kwargs = create_kwargs

    def execute(self, context: Context) -> str:
        found = find_by(self.client, "list_dataset_groups", name=self.dataset_group_name)
        if found:
            arn = found["datasetGroupArn"]
            self.log.info("Dataset group %s exists", arn)
        else:
            domain = {"domain": self.domain} if self.domain else {}
            answer = self.client.create_dataset_group(
                name=self.dataset_group_name, **domain, **(self.create_kwargs or {})
            )
            arn = answer["datasetGroupArn"]
            self.log.info("Created dataset group %s", arn)
        return self.wait(context, "dataset_group_active", datasetGroupArn=arn)


class PersonalizeCreateSchemaOperator(PersonalizeBaseOperator):
    """
    Make sure that a schema exists.

    Schemas never change in the service: the name given here gets the content's hash as its ending, so that a
    changed schema becomes another resource, and an unchanged one is found again.

    :param schema_name: Name that the schema's name begins with. (templated)
    :param schema: The Avro schema: a dict, JSON text, or a ``.json`` file on the template search path. (templated)
    :param domain: Domain of the dataset group it is for. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("schema_name", "schema", "domain")
    template_ext: Sequence[str] = (".json",)

    def __init__(
        self, *, schema_name: str, schema: dict[str, Any] | str, domain: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.schema_name = schema_name
        self.schema = schema
        self.domain = domain

    def execute(self, context: Context) -> str:
        schema = parse_schema(self.schema)
        name = schema.versioned_name(self.schema_name)
        found = find_by(self.client, "list_schemas", name=name)
        if found:
            return found["schemaArn"]
        domain = {"domain": self.domain} if self.domain else {}
        arn = self.client.create_schema(name=name, schema=schema.text, **domain)["schemaArn"]
        self.log.info("Created schema %s", arn)
        return arn


class PersonalizeCreateDatasetOperator(PersonalizeBaseOperator):
    """
    Make sure that a dataset group has a dataset of a type, with a schema.

    If the dataset has another schema, it is updated where the service allows that (fields were added that may
    be null); otherwise the task fails with the steps that lead on.

    :param dataset_name: Name of the dataset. (templated)
    :param dataset_type: ``Interactions``, ``Users``, ``Items``, ``Actions`` or ``Action_Interactions``. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param schema_arn: ARN of the schema. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "dataset_name", "dataset_type", "dataset_group_arn", "schema_arn"
    )

    def __init__(
        self, *, dataset_name: str, dataset_type: str, dataset_group_arn: str, schema_arn: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_name = dataset_name
        self.dataset_type = dataset_type
        self.dataset_group_arn = dataset_group_arn
        self.schema_arn = schema_arn

    def execute(self, context: Context) -> str:
        kind = self.dataset_type.upper()
        listed = {"datasetGroupArn": self.dataset_group_arn}
        found = find_by(
            self.client, "list_datasets", listed, matches=lambda d: d["datasetType"].upper() == kind
        )
        if found is None:
            arn = self.client.create_dataset(
                name=self.dataset_name,
                datasetType=self.dataset_type,
                datasetGroupArn=self.dataset_group_arn,
                schemaArn=self.schema_arn,
            )["datasetArn"]
            self.log.info("Created dataset %s", arn)
            return self.wait(context, "dataset_active", datasetArn=arn)
        arn = found["datasetArn"]
        dataset = self.client.describe_dataset(datasetArn=arn)["dataset"]
        if dataset["schemaArn"] != self.schema_arn:
            return self._change_schema(context, dataset)
        return self.wait(context, "dataset_active", datasetArn=arn)

    def _change_schema(self, context: Context, dataset: dict[str, Any]) -> str:
        arn = dataset["datasetArn"]
        try:
            self.client.update_dataset(datasetArn=arn, schemaArn=self.schema_arn)
        except self.client.exceptions.InvalidInputException as error:
            raise AirflowFailException(
                f"Dataset {arn} has the schema {dataset['schemaArn']}, and the service does not accept"
                f" {self.schema_arn} in its place: {error.response['Error']['Message']}\n"
                f"A dataset with this schema has to be made anew: (1) delete the dataset {arn} (its campaigns go"
                " on serving what they were trained on), (2) trigger this DAG again: it makes the dataset and"
                " imports everything. To go back instead, restore the earlier schema file."
            ) from error
        self.log.info("Updating %s to schema %s", arn, self.schema_arn)
        return self.wait(context, "dataset_updated", datasetArn=arn)
