"""Schemas: made once, found by name ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import error_code
from airflow_personalize.export.schema.avro import parse_schema
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.operators.base import PersonalizeBaseOperator, prune_dict, raise_non_retryable
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


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
        arn = ensure_schema(self, self.schema_name, self.schema, self.domain)
        PersonalizeResourceLink.persist(context, self, arn)
        return arn


def ensure_schema(
    operator: PersonalizeBaseOperator, begin: str, schema: dict[str, Any] | str, domain: str | None = None
) -> str:
    """ARN of the schema with this content, which is made if there is none.

    :param begin: what its name begins with; it ends in the content's hash
    """
    avro = parse_schema(schema)
    name = avro.versioned_name(begin)

    def find() -> str | None:
        existing = find_by(operator.client, "list_schemas", name=name)
        return str(existing["schemaArn"]) if existing else None

    def create() -> str:
        try:
            response = operator.non_retrying_client.create_schema(
                name=name, schema=avro.text, **prune_dict(domain=domain)
            )
        except ClientError as error:
            if error_code(error) == "InvalidInputException":
                raise_non_retryable(f"Schema {name}", error)
            raise
        operator.log.info("Created schema %s", response["schemaArn"])
        return str(response["schemaArn"])

    return operator.once(find, create)[0]


class PersonalizeDeleteSchemaOperator(PersonalizeDeleteOperator):
    """
    Delete a schema; no dataset may use it.

    :param schema_arn: ARN of the schema. (templated)
    """

    kind = "schema"
    has_states = False
