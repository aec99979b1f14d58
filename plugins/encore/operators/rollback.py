"""Putting an earlier version back: which one is meant, and that it is recorded and notified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize import solution_versions
from airflow_personalize.pagination import find_by
from encore import history, messages, notifications
from encore.operators.base import DatasetGroupOperator
from encore.report.draw import draw_report
from encore.runs.failed_tasks import fail_beside
from encore.runs.failure_reasons import Failure, failures
from encore.runs.history_row import history_row, row_without_version
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeSelectRollbackVersionOperator(DatasetGroupOperator):
    """
    Find the version that a campaign should go back to.

    :param group: the dataset group, which the campaign must belong to
    :param campaign_name: the campaign (templated)
    :param version: ARN or last part of the ARN of a version; empty: the one that was live before, that is the newest
        one older than the live one which no run has held (templated)
    :return: `solution_version_arn` to go to, and `live`, the one that is left
    """

    template_fields: Sequence[str] = aws_template_fields("campaign_name", "version")

    def __init__(self, *, campaign_name: str, version: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_name, self.version = campaign_name, version

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, campaign_name=self.campaign_name)
        campaign = find_by(self.client, "list_campaigns", name=self.campaign_name)
        if campaign is None:
            raise AirflowFailException(f"There is no campaign {self.campaign_name}: nothing to roll back.")
        description = self.client.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
        live = description["solutionVersionArn"]
        group = self._group_of(live)
        if group != self.settings.name:
            raise AirflowFailException(
                f"Campaign {self.campaign_name} belongs to dataset group {group}, not to {self.settings.name}."
            )
        selected = self._select(live)
        self.log.info("%s goes from %s to %s", self.campaign_name, live, selected)
        return {
            "solution_version_arn": selected,
            "live": live,
            "min_provisioned_tps": description["minProvisionedTPS"],
            "campaign_config": description.get("campaignConfig", {}),
        }

    def _group_of(self, version_arn: str) -> str:
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
            group = self.settings
            held = history.never_went_live(history.read(self.s3, group.bucket, group.prefix))
            older = ready[ready.index(live) + 1 :] if live in ready else []
            candidates = [arn for arn in older if arn not in held]
        if not candidates or candidates[0] == live:
            what = (
                f"{self.version} is not"
                if self.version
                else "There is no older version that was live: nothing is"
            )
            raise AirflowFailException(
                f"{what} a version that campaign {self.campaign_name} could go back to. It serves"
                f" {live.split('/')[-1]}; there are {', '.join(arn.split('/')[-1] for arn in ready)}."
            )
        return candidates[0]


class PersonalizeRecordRollbackOperator(DatasetGroupOperator):
    """
    Append a rollback to the history, and draw the report anew, however it went.

    Of one that has succeeded the channels with `promoted` are notified. One that has failed is recorded with the task
    and the reason; the task is then marked failed as well.

    :param campaign_name: the campaign (templated)
    :param version: what `PersonalizeSelectRollbackVersionOperator` has returned, if it has (templated)
    :param summary: what `PersonalizeVerifyCampaignOperator` has seen, if it has (templated)
    :return: what was recorded, in a sentence
    """

    template_fields: Sequence[str] = aws_template_fields("campaign_name", "version", "summary")

    def __init__(
        self,
        *,
        campaign_name: str,
        version: Mapping[str, Any] | None,
        summary: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_name, self.version, self.summary = campaign_name, version, summary

    def execute(self, context: Context) -> str:
        require_inputs(self.task_id, campaign_name=self.campaign_name)
        group, failed = self.settings, failures(context)
        row = self._failed_row(context, failed) if failed else self._row(context)
        history.append(self.s3, group.bucket, group.prefix, context["ti"].run_id, [row])
        draw_report(self.s3, group, self.log)
        if failed:
            self.log.warning("%s", row["reason"])
            fail_beside([failure.task for failure in failed])
        url = messages.run_url(context["ti"].dag_id, context["ti"].run_id)
        arn, reason = row["solution_version_arn"], str(row["reason"])
        message = messages.of_rollback(group.name, self.campaign_name, arn, reason, url)
        notifications.send_all(group.notify, message, context)
        self.log.info("%s\n%s", message.subject, message.text)
        return reason

    def _row(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, version=self.version, summary=self.summary)
        selected: Mapping[str, Any] = self.version or {}
        left = str(selected["live"])
        person = getattr(context["dag_run"], "triggering_user_name", None)
        reason = f"Rolled back from {left.split('/')[-1]}" + (f" by {person}." if person else ".")
        version = solution_versions.trained(self.client, str(selected["solution_version_arn"]))
        outcome = ("promoted", f"{reason} {self.summary}")
        return history_row(context, self.settings, version, outcome, {"live_version_arn": left})

    def _failed_row(self, context: Context, failed: Sequence[Failure]) -> dict[str, Any]:
        """Without a version: that it was live before is what its own rows say."""
        group = self.settings
        solution = next(entry for entry in group.solutions if entry.campaign_name == self.campaign_name)
        row = row_without_version(context, group, solution.name, solution.recipe, failed)
        aim = (self.version or {}).get("solution_version_arn")
        what = f"The rollback to {str(aim).split('/')[-1]} has failed" if aim else "The rollback has failed"
        return {**row, "reason": f"{what}: {row['reason']}"}
