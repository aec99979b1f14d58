"""Links from a task to the resource's page in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "personalize_resource"


class PersonalizeResourceLink(BaseOperatorLink):
    """The resource in the console of Amazon Personalize."""

    name = "Amazon Personalize Resource"

    @staticmethod
    def persist(context: Context, operator: Any, arn: str) -> None:
        """Remember the resource that the task works on."""
        context["ti"].xcom_push(key=KEY, value=arn)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        arn = XCom.get_value(key=KEY, ti_key=ti_key)
        return console_url(arn) if arn else ""


def console_url(arn: str) -> str:
    """The console page of a resource's ARN; the list of dataset groups where there is no closer one."""
    partition, region, resource = arn.split(":")[1], arn.split(":")[3], arn.split(":", 5)[-1]
    domain = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}.get(partition, "aws.amazon.com")
    return f"https://{region}.console.{domain}/personalize/home?region={region}#arn:{resource}"
