"""The new and the live version are asked about the same users, and their answers compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowSkipException

from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.pagination import list_objects, split_uri
from encore.comparison import batch_lines
from encore.comparison.compare import compare
from encore.comparison.held_back import HeldBack
from encore.comparison.table import as_document
from encore.config.comparison import SameUsersRule
from encore.config.recipes import BATCH_COLUMNS
from encore.operators.hold_back import FILE
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context

Which = Literal["new", "live"]
FEWEST_ANSWERED = 0.5  # a version that leaves out more of its users can't be compared


class PersonalizeAskVersionOperator(PersonalizeCreateBatchInferenceJobOperator):
    """
    Ask the new or the live version about the sampled users, in a batch job; skips itself where there is nothing to ask.

    :param which: `new`, or `live`
    :param held_back: what `PersonalizeHoldBackOperator` has returned (templated)
    :param solution_version_arn: the new version (templated)
    """

    template_fields: Sequence[str] = (
        *PersonalizeCreateBatchInferenceJobOperator.template_fields,
        "held_back",
    )

    def __init__(self, *, which: Which, held_back: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(input_location="", output_location="", **kwargs)
        self.which, self.held_back = which, held_back

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        require_inputs(self.task_id, held_back=self.held_back, solution_version_arn=self.solution_version_arn)
        if self.held_back["why_not"]:
            raise AirflowSkipException(self.held_back["why_not"])
        name = self.solution_version_arn.split("/")[1]
        solution = self.held_back["solutions"][name]
        if solution["why_not"]:
            raise AirflowSkipException(solution["why_not"])
        if self.which == "live":
            if solution["live"] is None:
                raise AirflowSkipException("Nothing is live.")
            self.solution_version_arn = solution["live"]
        self.input_location = solution["input"]
        self.output_location = output_of(self.held_back["location"], name, self.which)
        return str(super().execute(context, event))


class PersonalizeCompareVersionsOperator(PersonalizeBaseOperator):
    """
    Compare the answers of the new and the live version with what the users took on the days held back.

    :param solution_version_arn: the new version (templated)
    :param held_back: what `PersonalizeHoldBackOperator` has returned (templated)
    :param solutions: recipe, `event_type` and `rule` of each solution
    :return: `compared`, or `why_not`; and the `days` held back
    """

    template_fields: Sequence[str] = aws_template_fields("solution_version_arn", "held_back")

    def __init__(
        self,
        *,
        solution_version_arn: str,
        held_back: Mapping[str, Any],
        solutions: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn, self.held_back, self.solutions = solution_version_arn, held_back, solutions

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, held_back=self.held_back, solution_version_arn=self.solution_version_arn)
        name = self.solution_version_arn.split("/")[1]
        why_not = self.held_back["why_not"] or self.held_back["solutions"][name]["why_not"]
        return {"why_not": why_not} if why_not else self._compare(name)

    def _compare(self, name: str) -> dict[str, Any]:
        location, live = self.held_back["location"], self.held_back["solutions"][name]["live"]
        solution = self.solutions[name]
        rule, columns = SameUsersRule.model_validate(solution["rule"]), BATCH_COLUMNS[solution["recipe"]]
        bucket, folder = split_uri(location)
        sample = HeldBack.from_bytes(self.s3.get_object(Bucket=bucket, Key=folder + FILE)["Body"].read())
        versions: tuple[Which, ...] = ("new", "live") if live else ("new",)
        lists = {}
        for which in versions:
            answers = self._lines(output_of(location, name, which))
            lists[which] = batch_lines.lists_of(sample, answers, columns)
            answered = (lists[which] >= 0).any(axis=1)
            reachable = sample.last_items >= 0 if columns == ("item_id",) else sample.counts >= 0
            if answered.sum() < FEWEST_ANSWERED * reachable.sum():
                return {
                    "why_not": f"The {which} version has answered {answered.sum()} of {reachable.sum()} users only."
                }
        compared = compare(
            sample,
            lists["new"],
            lists.get("live"),
            metric=rule.metric,
            confidence=rule.confidence,
            event_type=solution["event_type"],
        )
        self.log.info("%s", as_document(compared)["text"])
        return {"why_not": None, "compared": compared.as_json(), "days": self.held_back["days"]}

    def _lines(self, location: str) -> Iterator[bytes]:
        bucket, prefix = split_uri(location)
        for entry in list_objects(self.s3, bucket, prefix):
            if entry["Key"].endswith(".out"):
                yield from self.s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].iter_lines(1 << 20)


def output_of(location: str, solution: str, which: Which) -> str:
    """The folder that the answers of a version go to."""
    return f"{location}{solution}/{which}/"
