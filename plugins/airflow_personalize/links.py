"""Links from a task to the page of its resource: in the AWS console, or in the page of a service of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.providers.amazon.aws.links.base_aws import BaseAwsLink
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from airflow.sdk import Context

DOMAINS = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
# The console keeps most kinds on pages of their dataset group.
PAGES = {
    "solution": "solutionsAndRecipes/solutionDetail",
    "campaign": "campaigns/campaignDetail",
}


class PersonalizeResourceLink(BaseAwsLink):
    """The resource that a task works on, in the console of Amazon Personalize or in the local service's page."""

    name = "Amazon Personalize Resource"
    key = "personalize_resource"

    @classmethod
    def persist(cls, context: Context, operator: Any, arn: str, dataset_group_arn: str | None = None) -> None:
        """Remember the resource that the task works on, its dataset group, and the service if it is not AWS's.

        :param dataset_group_arn: where it is known; else the operator's own, else the service is asked
        """
        if not operator.do_xcom_push:
            return
        client = operator.hook.conn
        group = (
            dataset_group_arn
            or getattr(operator, "dataset_group_arn", None)
            or _look_up_group(operator.hook, arn)
        )
        value = {"arn": arn, "dataset_group_arn": group, "endpoint": _own_endpoint(client)}
        context["ti"].xcom_push(key=cls.key, value=value)

    def format_link(
        self, *, arn: str = "", dataset_group_arn: str | None = None, endpoint: str | None = None, **_: Any
    ) -> str:
        if not arn:
            return ""
        return (
            local_url(endpoint, arn, dataset_group_arn) if endpoint else console_url(arn, dataset_group_arn)
        )


def local_url(endpoint: str, arn: str, dataset_group_arn: str | None = None) -> str:
    """The page of the dataset group in a service of one's own; the service's first page where no group is known."""
    group = dataset_group_arn or _group_of(arn)
    name = quote(group.split("/")[-1], safe="") if group else ""
    return f"{endpoint.rstrip('/')}/" + (f"_page/groups/{name}" if name else "")


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


def _own_endpoint(client: Any) -> str | None:
    """The address of a service that is not AWS's."""
    address = getattr(client.meta, "endpoint_url", None)
    if not isinstance(address, str):
        return None
    host = urlsplit(address).hostname or ""
    return None if host.endswith((".amazonaws.com", ".amazonaws.com.cn")) else address


def _look_up_group(hook: Any, arn: str) -> str | None:
    """The dataset group of a resource, as the service says; None if it does not: a link is not worth a failure.

    Nor is it worth a wait: no request is repeated.
    """
    try:
        group = _group_of(arn) or _described_group(hook.non_retrying_client, arn)
    except (BotoCoreError, ClientError, KeyError):
        return None
    return group if isinstance(group, str) else None


def _described_group(client: Any, arn: str) -> str | None:
    kind = arn.split(":", 5)[5].split("/")[0]
    if kind == "solution":
        solution = "/".join(arn.split("/")[:2])
        return str(client.describe_solution(solutionArn=solution)["solution"]["datasetGroupArn"])
    if kind == "campaign":
        campaign = client.describe_campaign(campaignArn=arn)["campaign"]
        return _described_group(client, campaign["solutionVersionArn"])
    if kind == "dataset-import-job":
        job = client.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
        return _group_of(job["datasetArn"])
    if kind == "filter":
        return str(client.describe_filter(filterArn=arn)["filter"]["datasetGroupArn"])
    return None
