"""The gate of a new version, before it goes live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import DownstreamTasksSkipped

from airflow_personalize import solution_versions
from airflow_personalize.arns import arn_of
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore import history
from encore.comparison.compare import Compared
from encore.config.policies import Gate, Verdict
from encore.gates.promotion import Decision, Policy, SameUsers, Version, decide
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeGateOperator(PersonalizeBaseOperator):
    """
    Decide whether a new version goes live, is asked about, or is held.

    The decision is logged as a table and pushed as XCom ``decision`` (verdict, text, Markdown, rows), for the tasks
    that follow it. Those whose ``VERDICTS`` do not hold this one are skipped. Returns the verdict.

    :param solution_version_arn: the new version (templated)
    :param gates: the `gate` section of each solution, and the name of its popularity solution as `baseline`
    :param campaign_name: the campaign that would serve it (templated)
    :param bucket: where the history is
    :param prefix: the group's prefix in it
    :param data_gate: what `PersonalizeDataGateOperator` has returned: the number of held-out users (templated)
    :param comparison: what `PersonalizeCompareVersionsOperator` has returned, where the group has it (templated)
    :param policy: what the run wants: `gate`, `ask`, `hold` or `promote` (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "solution_version_arn", "campaign_name", "data_gate", "comparison", "policy"
    )

    def __init__(
        self,
        *,
        solution_version_arn: str,
        gates: Mapping[str, Any],
        campaign_name: str,
        bucket: str,
        prefix: str,
        data_gate: Mapping[str, Any],
        policy: Policy,
        comparison: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn, self.gates, self.campaign_name = solution_version_arn, gates, campaign_name
        self.bucket, self.prefix = bucket, prefix
        self.data_gate, self.comparison, self.policy = data_gate, comparison, policy

    def execute(self, context: Context) -> str:
        require_inputs(
            self.task_id,
            solution_version_arn=self.solution_version_arn,
            campaign_name=self.campaign_name,
            data_gate=self.data_gate,
            policy=self.policy,
        )
        PersonalizeResourceLink.persist(context, self, self.solution_version_arn)
        decision, facts = self._decide(context["ti"].run_id)
        log = self.log.info if decision.verdict == "promote" else self.log.warning
        log("%s\n%s", decision.verdict.upper(), decision.as_text())
        context["ti"].xcom_push(key="decision", value=facts)
        self._skip_followers(context, decision.verdict)
        return decision.verdict

    def _skip_followers(self, context: Context, verdict: Verdict) -> None:
        """
        :raises DownstreamTasksSkipped: if tasks have nothing to do after this verdict; the verdict is pushed before.
        """
        ti = context["ti"]
        idle = [
            (task_id, ti.map_index)
            for task_id in sorted(self.downstream_task_ids)
            if verdict not in getattr(self.dag.get_task(task_id), "VERDICTS", {verdict})
        ]
        if idle:
            ti.xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=verdict)
            raise DownstreamTasksSkipped(tasks=idle)

    def _decide(self, run_id: str) -> tuple[Decision, dict[str, Any]]:
        arn = self.solution_version_arn
        solution = arn.split("/")[1]
        settings = dict(self.gates[solution])
        baseline, judges_popularity = settings.pop("baseline", None), settings.pop("judges_popularity", False)
        campaign_arn = arn_of(arn, "campaign", self.campaign_name)
        new = solution_versions.trained(self.client, arn)
        live_arn = solution_versions.live(self.client, campaign_arn)
        live = solution_versions.trained(self.client, live_arn) if live_arn else None
        popular = (
            solution_versions.newest(self.client, arn_of(arn, "solution", baseline)) if baseline else None
        )
        decision = decide(
            solution,
            Gate.model_validate(settings),
            Version(arn, new.metrics, self.data_gate["held_out_users"]),
            Version(live.arn, live.metrics) if live else None,
            Version(popular.arn, popular.metrics) if popular else None,
            past=self._past_metrics(run_id, solution),
            same_users=self._same_users(judges_popularity),
            trained_by_service=new.by_service,
            remarks=self._remarks(new, live),
            policy=self.policy,
        )
        document = decision.as_json()
        if document["comparison"]:
            document["comparison"]["days"] = (self.comparison or {}).get("days")
        return decision, {
            **document,
            "live_metrics": dict(live.metrics) if live else None,
            "popularity_metrics": dict(popular.metrics) if popular else None,
            "campaign_arn": campaign_arn,
        }

    def _same_users(self, judges_popularity: bool) -> SameUsers:
        outcome = self.comparison or {}
        compared = Compared.from_json(outcome["compared"]) if outcome.get("compared") else None
        why_not = outcome.get("why_not")
        return SameUsers(
            compared, **({"why_not": why_not} if why_not else {}), judges_popularity=judges_popularity
        )

    def _remarks(self, new: solution_versions.Trained, live: solution_versions.Trained | None) -> list[str]:
        """What a reader should know of versions that nobody asked for."""
        remarks = []
        if live is not None and live.by_service:
            remarks.append(
                f"The live version {live.arn} was trained by the service itself: no gate has seen it."
            )
        since = live.description.get("creationDateTime") if live else None
        automatic = solution_versions.trained_by_themselves(self.client, new.arn.rsplit("/", 1)[0], since)
        if others := [arn for arn in automatic if arn not in (new.arn, live.arn if live else None)]:
            remarks.append(f"The service has trained {', '.join(others)} by itself; it is not promoted.")
        return remarks

    def _past_metrics(self, run_id: str, solution: str) -> list[dict[str, float]]:
        past = history.read(self.s3, self.bucket, self.prefix, newest=history.COMPARED_RUNS)
        return history.metrics_of([row for row in past if row["run_id"] != run_id], solution)
