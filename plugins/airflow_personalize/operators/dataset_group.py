"""Dataset groups, schemas and datasets: made once, found by name ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.base import PersonalizeBaseOperator, given
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetGroupOperator(PersonalizeBaseOperator):
    """
    Make sure that a dataset group exists.

    :param dataset_group_name: Name of the dataset group. (templated)
    :param domain: ``ECOMMERCE`` or ``VIDEO_ON_DEMAND``; None for a custom dataset group. (templated)
    :param create_kwargs: Further arguments of ``CreateDatasetGroup``, e.g. ``tags``. (templated)
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
        arn, fresh = self.once(self._find, self._create)
        if not fresh:
            self._refuse_another(arn)
        return self.wait(context, "dataset_group_active", fresh=fresh, datasetGroupArn=arn)

    def _find(self) -> str | None:
        found = find_by(self.client, "list_dataset_groups", name=self.dataset_group_name)
        return found["datasetGroupArn"] if found else None

    def _create(self) -> str:
        arn = self.change.create_dataset_group(
            name=self.dataset_group_name, **given(domain=self.domain), **(self.create_kwargs or {})
        )["datasetGroupArn"]
        self.log.info("Created dataset group %s", arn)
        return arn

    def _refuse_another(self, arn: str) -> None:
        there = (self.describe("dataset_group", datasetGroupArn=arn) or {}).get("domain")
        if there != self.domain:
            raise AirflowFailException(
                f"Dataset group {arn} exists with the domain {there}, not {self.domain}, and a domain can't be"
                " changed. Use another name."
            )
