"""Dataset groups: made once, found by name ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.base import PersonalizeCreateOperator, prune_dict
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetGroupOperator(PersonalizeCreateOperator):
    """
    Make sure that a dataset group exists.

    :param dataset_group_name: Name of the dataset group. (templated)
    :param domain: ``ECOMMERCE`` or ``VIDEO_ON_DEMAND``; None for a custom dataset group. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("dataset_group_name", "domain", "create_kwargs")

    def __init__(
        self,
        *,
        dataset_group_name: str,
        domain: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_group_name = dataset_group_name
        self.domain = domain

    def execute(self, context: Context) -> str:
        arn, fresh = self.once(self._find, self._create)
        if not fresh:
            self._check_domain(arn)
        self.wait(context, "dataset_group_active", fresh=fresh, datasetGroupArn=arn)
        return arn

    def _find(self) -> str | None:
        group = find_by(self.client, "list_dataset_groups", name=self.dataset_group_name)
        return str(group["datasetGroupArn"]) if group else None

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_dataset_group(
            name=self.dataset_group_name, **prune_dict(domain=self.domain), **(self.create_kwargs or {})
        )["datasetGroupArn"]
        self.log.info("Created dataset group %s", arn)
        return arn

    def _check_domain(self, arn: str) -> None:
        domain = (self.describe("dataset_group", datasetGroupArn=arn) or {}).get("domain")
        if domain != self.domain:
            raise AirflowFailException(
                f"Dataset group {arn} exists with the domain {domain}, not {self.domain}, and a domain can't be"
                " changed. Use another name."
            )
