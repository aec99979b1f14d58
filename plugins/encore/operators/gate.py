"""The two gates of a night: of the data before its import, and of a new version before it goes live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize import solution_versions
from airflow_personalize.arns import arn_of
from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore import history
from encore.config.policies import Gate
from encore.gates.promotion import Decision, Version, decide

if TYPE_CHECKING:
    from airflow.sdk import Context

NIGHTS = 60
PLAN = ("read_form", "plan")


def plan_of(context: Context) -> Mapping[str, Any]:
    """The choices of the run, as `read_form` left them."""
    return context["ti"].xcom_pull(task_ids=PLAN[0], key=PLAN[1]) or {}


class PersonalizeGateOperator(PersonalizeBaseOperator):
    """
    Decide whether a new version goes live, is asked about, or is held.

    The decision is logged as a table and pushed as XCom ``decision`` (verdict, text, Markdown, rows); the tasks of
    `encore.operators.promotion` follow it. Returns the verdict.

    :param solution_version_arn: the new version (templated)
    :param gates: the `gate` section of each solution, and the name of its popularity solution as `baseline`
    :param campaign_name: the campaign that would serve it (templated)
    :param bucket: where the history is
    :param prefix: the group's prefix in it
    """

    template_fields: Sequence[str] = aws_template_fields("solution_version_arn", "campaign_name")

    def __init__(
        self, *, solution_version_arn: str, gates: Mapping[str, Any], campaign_name: str, bucket: str, prefix: str,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.solution_version_arn, self.gates, self.campaign_name = solution_version_arn, gates, campaign_name
        self.bucket, self.prefix = bucket, prefix

    def execute(self, context: Context) -> str:
        decision, facts = self._decide(context)
        log = self.log.info if decision.verdict == "promote" else self.log.warning
        log("%s\n%s", decision.verdict.upper(), decision.as_text())
        context["ti"].xcom_push(key="decision", value={**decision.as_json(), **facts})
        return decision.verdict

    def _decide(self, context: Context) -> tuple[Decision, dict[str, Any]]:
        arn = self.solution_version_arn
        solution = arn.split("/")[1]
        settings = dict(self.gates[solution])
        baseline = settings.pop("baseline", None)
        new = solution_versions.trained(self.client, arn)
        live_arn = solution_versions.live(self.client, arn_of(arn, "campaign", self.campaign_name))
        live = solution_versions.trained(self.client, live_arn) if live_arn else None
        popular = (
            solution_versions.newest(self.client, arn_of(arn, "solution", baseline)) if baseline else None
        )
        users = (context["ti"].xcom_pull(task_ids="data_gate") or {}).get("held_out_users")
        decision = decide(
            solution,
            Gate.model_validate(settings),
            Version(arn, new.metrics, users),
            Version(live.arn, live.metrics) if live else None,
            Version(popular.arn, popular.metrics) if popular else None,
            past=self._past(context, solution),
            trained_by_service=new.by_service,
            remarks=self._remarks(new, live),
            policy=plan_of(context).get("promote", "gate"),
        )
        return decision, {
            "live_metrics": dict(live.metrics) if live else None,
            "popularity_metrics": dict(popular.metrics) if popular else None,
            "campaign_arn": arn_of(arn, "campaign", self.campaign_name),
        }

    def _remarks(self, new: solution_versions.Trained, live: solution_versions.Trained | None) -> list[str]:
        """What a reader should know of versions that nobody asked for."""
        found = []
        if live is not None and live.by_service:
            found.append(
                f"The live version {live.arn} was trained by the service itself: no gate has seen it."
            )
        since = live.described.get("creationDateTime") if live else None
        unasked = solution_versions.trained_by_themselves(self.client, new.arn.rsplit("/", 1)[0], since)
        if others := [arn for arn in unasked if arn not in (new.arn, live.arn if live else None)]:
            found.append(f"The service has trained {', '.join(others)} by itself; it is not promoted.")
        return found

    def _past(self, context: Context, solution: str) -> list[dict[str, float]]:
        past = history.read(self.s3, self.bucket, self.prefix, newest=NIGHTS)
        others = [row for row in past if row["run_id"] != context["ti"].run_id]
        return history.metrics_of(others, solution)
