"""Putting an earlier version back: which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize import solution_versions
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.pagination import find_by
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeSelectRollbackVersionOperator(PersonalizeBaseOperator):
    """
    Find the version that a campaign should go back to.

    :param dataset_group_name: the group that the campaign must belong to
    :param campaign_name: the campaign (templated)
    :param version: ARN or last part of the ARN of a version; empty: the newest one older than the live one (templated)
    :return: `solution_version_arn` to go to, and `live`, the one that is left
    """

    template_fields: Sequence[str] = aws_template_fields("campaign_name", "version")

    def __init__(
        self, *, dataset_group_name: str, campaign_name: str, version: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_group_name, self.campaign_name, self.version = dataset_group_name, campaign_name, version

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, campaign_name=self.campaign_name)
        campaign = find_by(self.client, "list_campaigns", name=self.campaign_name)
        if campaign is None:
            raise AirflowFailException(f"There is no campaign {self.campaign_name}: nothing to roll back.")
        description = self.client.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
        live = description["solutionVersionArn"]
        group = self._group(live)
        if group != self.dataset_group_name:
            raise AirflowFailException(
                f"Campaign {self.campaign_name} belongs to dataset group {group}, not to {self.dataset_group_name}."
            )
        selected = self._select(live)
        self.log.info("%s goes from %s to %s", self.campaign_name, live, selected)
        return {
            "solution_version_arn": selected,
            "live": live,
            "min_provisioned_tps": description["minProvisionedTPS"],
            "campaign_config": description.get("campaignConfig", {}),
        }

    def _group(self, version_arn: str) -> str:
        version = self.client.describe_solution_version(solutionVersionArn=version_arn)["solutionVersion"]
        return str(version["datasetGroupArn"]).split("/")[-1]

    def _select(self, live: str) -> str:
        ready = [
            str(version["solutionVersionArn"])
            for version in solution_versions.of_solution(self.client, live.rsplit("/", 1)[0])
            if version["status"] == "ACTIVE"
        ]
        if self.version:
            candidates = [arn for arn in ready if self.version in (arn, arn.split("/")[-1])]
        else:
            candidates = ready[ready.index(live) + 1 :] if live in ready else []
        if not candidates or candidates[0] == live:
            what = f"{self.version} is not" if self.version else "There is no older version"
            raise AirflowFailException(
                f"{what} a version that campaign {self.campaign_name} could go back to. It serves"
                f" {live.split('/')[-1]}; there are {', '.join(arn.split('/')[-1] for arn in ready)}."
            )
        return candidates[0]
