"""Links from a task to the page of its resource in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BaseAwsLink

from personalize.console import console_url

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeResourceLink(BaseAwsLink):
    """The resource that a task works on, in the console of Amazon Personalize."""

    name = "Amazon Personalize Resource"
    key = "personalize_resource"

    @classmethod
    def persist(  # type: ignore[override]
        cls, context: Context, operator: Any, arn: str, dataset_group_arn: str | None = None
    ) -> None:
        """Remember the resource that the task works on, and its dataset group where that is known."""
        if operator.do_xcom_push:
            group = dataset_group_arn or getattr(operator, "dataset_group_arn", None)
            context["ti"].xcom_push(key=cls.key, value={"arn": arn, "dataset_group_arn": group})

    def format_link(self, *, arn: str = "", dataset_group_arn: str | None = None, **_: Any) -> str:
        return console_url(arn, dataset_group_arn) if arn else ""
