"""Links from a task to the page of its resource in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

DOMAINS = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
# The console keeps most kinds on pages of their dataset group.
PAGES = {
    "solution": "solutionsAndRecipes/solutionDetail",
    "campaign": "campaigns/campaignDetail",
}


class PersonalizeResourceLink(BaseAwsLink):
    """The resource that a task works on, in the console of Amazon Personalize."""

    name = "Amazon Personalize Resource"
    key = "personalize_resource"

    @classmethod
    def persist(cls, context: Context, operator: Any, arn: str, dataset_group_arn: str | None = None) -> None:
        """Remember the resource that the task works on, and its dataset group where that is known."""
        if operator.do_xcom_push:
            group = dataset_group_arn or getattr(operator, "dataset_group_arn", None)
            context["ti"].xcom_push(key=cls.key, value={"arn": arn, "dataset_group_arn": group})

    def format_link(self, *, arn: str = "", dataset_group_arn: str | None = None, **_: Any) -> str:
        return console_url(arn, dataset_group_arn) if arn else ""


def console_url(arn: str, dataset_group_arn: str | None = None) -> str:
    """The closest page to a resource: its own, else that of its dataset group, else the list of dataset groups."""
    _, partition, _, region, _, resource = arn.split(":", 5)
    home = (
        f"https://{region}.console.{DOMAINS.get(partition, DOMAINS['aws'])}/personalize/home?region={region}"
    )
    group = dataset_group_arn or _group_of(arn)
    if group is None:
        return f"{home}#datasetGroups"
    page = PAGES.get(resource.split("/")[0])
    own = "/".join(resource.split("/")[:2]).replace("/", "$")  # a version is shown on its solution's page
    if page is None:
        return f"{home}#{group.replace('/', '$')}/setup"
    return f"{home}#{group.replace('/', '$')}/{page}/{arn.rsplit(':', 1)[0]}:{own}"


def _group_of(arn: str) -> str | None:
    """The dataset group that an ARN itself names: those of groups and datasets do."""
    kind, *parts = arn.split(":", 5)[5].split("/")
    return (
        f"{arn.rsplit(':', 1)[0]}:dataset-group/{parts[0]}" if kind in ("dataset-group", "dataset") else None
    )
