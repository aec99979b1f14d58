"""The tasks of an A/B test: judging it, ending it, and removing the campaign that has lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.pagination import find_by
from encore import notifications, retention
from encore.config.experiment import Experiment
from encore.experiments import judge, record
from encore.experiments.judge import Analysis, Outcome
from encore.experiments.outcomes import finished_days, outcomes
from encore.experiments.split import CHALLENGER
from encore.messages import Message, run_url
from encore.operators.approval import goes_live
from encore.operators.base import DatasetGroupOperator
from encore.task_inputs import require_inputs
from encore.text_tables import as_markdown, as_text

if TYPE_CHECKING:
    from airflow.sdk import Context

COLUMNS = ("until", "users", "challenger", "champion", "difference", "")


class ExperimentOperator(DatasetGroupOperator):
    """An operator that works on the experiment of a group."""

    @property
    def experiment(self) -> Experiment:
        experiment = self.settings.experiment
        if experiment is None:
            raise AirflowFailException(f"{self.settings.name} has no `experiment` in the pipeline file.")
        return experiment


class PersonalizeJudgeExperimentOperator(ExperimentOperator):
    """
    Judge what users of both arms did, where an analysis is due, and write where the experiment stands.

    :return: `state`, `winner`, `verdict` (`promote` or `ask` where the challenger has won, else `hold`), `new`, the
        campaign that would be shown to all, and `text` and `markdown` for readers
    """

    def execute(self, context: Context) -> dict[str, Any]:
        group, experiment = self.settings, self.experiment
        before = record.read(self.s3, group, experiment)
        try:
            record.check_unchanged(experiment, before)
        except record.ChangedExperimentError as error:
            raise AirflowFailException(str(error)) from None
        if before and before["state"] == "ended":
            outcome, analyses = (
                Outcome("ended", before["winner"], before["reason"]),
                record.analyses_of(before),
            )
            return self._decision(outcome, analyses, verdict="hold")
        days = finished_days(self.s3, DatasetLocation(group.bucket, group.prefix, "interactions"))
        if datetime.now(UTC).date() < experiment.begin:
            outcome, analyses = Outcome("waits", None, f"It begins on {experiment.begin}."), []
        else:
            analyses = self._analyses(record.analyses_of(before), days)
            outcome = judge.outcome(experiment, analyses)
        won = outcome.state == "ended" and outcome.winner == CHALLENGER
        # A challenger that has won is not shown to all before the next task has ended the experiment.
        published = replace(outcome, state="runs") if outcome.state == "ended" else outcome
        record.write(self.s3, group, experiment, self._document(published, analyses))
        self.log.info("%s", outcome.reason)
        return self._decision(outcome, analyses, verdict=experiment.winner if won else "hold")

    def _analyses(self, before: Sequence[Analysis], days: Sequence[str]) -> list[Analysis]:
        """Those of before and those that are due; a day that is not exported yet is waited for."""
        group, experiment = self.settings, self.experiment
        analyses = list(before)
        interactions = DatasetLocation(group.bucket, group.prefix, "interactions")
        users = DatasetLocation(group.bucket, group.prefix, "users") if "users" in group.datasets else None
        for day in experiment.analysis_days[len(analyses) :]:
            own = [text for text in days if experiment.begin <= date.fromisoformat(text) <= day]
            if str(day) not in own or (analyses and analyses[-1].winner):
                break
            analyses.append(
                judge.analysis(experiment, str(day), outcomes(self.s3, interactions, users, own, experiment))
            )
        return analyses

    def _document(self, outcome: Outcome, analyses: Sequence[Analysis]) -> dict[str, Any]:
        experiment = self.experiment
        return {
            "experiment": experiment.name,
            "state": outcome.state,
            "share": experiment.share if outcome.state == "runs" else 0.0,
            "campaigns": {
                "champion": self._campaign(experiment.champion),
                "challenger": self._campaign(experiment.challenger),
            },
            "winner": outcome.winner if outcome.state == "ended" else None,
            "reason": outcome.reason,
            "ended": None,
            "settings": record.settings(experiment),
            "analyses": [seen.as_json() for seen in analyses],
        }

    def _campaign(self, solution: str) -> str:
        """
        :raises AirflowFailException: if there is none yet
        """
        name = self.settings.solution(solution).campaign_name
        campaign = find_by(self.client, "list_campaigns", name=name)
        if campaign is None:
            raise AirflowFailException(
                f"There is no campaign {name} to compare: run {self.settings.dag_id('retrain_recommenders')} first."
            )
        return str(campaign["campaignArn"])

    def _decision(self, outcome: Outcome, analyses: Sequence[Analysis], verdict: str) -> dict[str, Any]:
        experiment = self.experiment
        rows = [_row(experiment, seen) for seen in analyses]
        return {
            **asdict(outcome),
            "verdict": verdict,
            "new": self.settings.solution(experiment.challenger).campaign_name,
            "text": f"{outcome.reason}\n\n{as_text(COLUMNS, rows)}",
            "markdown": f"**{outcome.reason}**\n\n{as_markdown(COLUMNS, rows)}",
        }


class PersonalizeEndExperimentOperator(ExperimentOperator):
    """
    End an experiment that is decided: from now on all users are shown one campaign, and the channels are notified.

    :param decision: what `PersonalizeJudgeExperimentOperator` has returned (templated)
    :param answer: what a person has answered, if somebody was asked (templated)
    :return: what came of it, in a sentence
    """

    template_fields: Sequence[str] = aws_template_fields("decision", "answer")

    def __init__(
        self, *, decision: Mapping[str, Any], answer: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.decision, self.answer = decision, answer

    def execute(self, context: Context) -> str:
        require_inputs(self.task_id, decision=self.decision)
        group, experiment = self.settings, self.experiment
        document = record.read(self.s3, group, experiment)
        if self.decision["state"] != "ended" or document is None:
            raise AirflowSkipException(str(self.decision["reason"]))
        if document["state"] == "ended":
            raise AirflowSkipException("It has ended before.")
        winner, reason = self.decision["winner"], str(self.decision["reason"])
        won = winner == CHALLENGER and goes_live(self.decision, self.answer)
        if winner == CHALLENGER and not won:
            winner = None
            reason += f" A person has rejected it: {experiment.champion} stays."
        ended = {
            "state": "ended",
            "share": 1.0 if won else 0.0,
            "winner": winner,
            "reason": reason,
            "ended": datetime.now(UTC).date(),
        }
        record.write(self.s3, group, experiment, {**document, **ended})
        url = run_url(context["ti"].dag_id, context["ti"].run_id)
        subject = f"{group.name}: experiment {experiment.name} has ended, all users see"
        subject += f" {experiment.challenger if won else experiment.champion}"
        text = f"{self.decision['text']}\n\n{self._what_is_next()}\n\nRun: {url}"
        message = Message(("promoted" if won else "held",), subject, text)
        notifications.send_all(group.notify, message, context)
        self.log.info("%s\n%s", message.subject, message.text)
        return reason

    def _what_is_next(self) -> str:
        days = self.experiment.keep_loser_days
        gone = "stays" if days is None else f"is deleted {days} days from now"
        return (
            f"The loser's campaign {gone}, and it is trained no more. Take `experiment` and the loser out of the"
            " pipeline file when the application has done so."
        )


class PersonalizeRemoveLoserOperator(ExperimentOperator):
    """
    Delete the campaign that has lost, once the file's days have passed since the end; only one that Encore has made.

    :return: the ARN of what was deleted
    """

    def execute(self, context: Context) -> str:
        group, experiment = self.settings, self.experiment
        document = record.read(self.s3, group, experiment)
        solution = record.loser(experiment, document)
        if solution is None or document is None or experiment.keep_loser_days is None:
            raise AirflowSkipException("No campaign is to be deleted.")
        due = date.fromisoformat(document["ended"]) + timedelta(days=experiment.keep_loser_days)
        if datetime.now(UTC).date() < due:
            raise AirflowSkipException(f"The campaign of {solution} is kept until {due}.")
        campaign = find_by(self.client, "list_campaigns", name=group.solution(solution).campaign_name)
        if campaign is None or campaign["status"].startswith("DELETE"):
            raise AirflowSkipException(f"The campaign of {solution} is gone.")
        arn = str(campaign["campaignArn"])
        tags = self.client.list_tags_for_resource(resourceArn=arn).get("tags", [])
        if not retention.is_ours(tags, group.name):
            raise AirflowSkipException(
                f"{arn} has no tag {retention.TAG}: Encore has not made it, so it stays."
            )
        self.non_retrying_client.delete_campaign(campaignArn=arn)
        return arn


def _row(experiment: Experiment, seen: Analysis) -> tuple[str, ...]:
    winner = {None: "no difference shown", CHALLENGER: f"{experiment.challenger} wins"}
    return (
        seen.day,
        f"{seen.users[1]:,} and {seen.users[0]:,}",
        f"{experiment.challenger} {judge.amount(experiment, seen.means[1])}",
        f"{experiment.champion} {judge.amount(experiment, seen.means[0])}",
        judge.interval(experiment, seen),
        winner.get(seen.winner, f"{experiment.champion} wins"),
    )
