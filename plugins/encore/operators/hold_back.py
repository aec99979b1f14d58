"""The users and the truth of a run's comparisons: who is asked, and what they took on the days held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize import solution_versions
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.pagination import find_by
from encore import history
from encore.comparison import batch_lines, read
from encore.comparison.held_back import HeldBack, hold_back
from encore.config.comparison import FOLDER, Comparison
from encore.config.models import Solution
from encore.config.recipes import BATCH_COLUMNS
from encore.operators.base import DatasetGroupOperator
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context

FILE = "held_back.npz"
ASKED_WITH = (("user_id",), ("item_id",), ("user_id", "item_list"))


class PersonalizeHoldBackOperator(DatasetGroupOperator):
    """
    Sample the users that both versions of each solution are asked about, and write the lines that ask.

    Says why there can be no comparison where it would not be fair: where no day is held back, where the service has
    interactions of the days held back, or where the live version was trained on them.

    :param dataset_group_arn: the dataset group (templated)
    :param partitions: the days that the run imports; None: all (templated)
    :param import_mode: FULL or INCREMENTAL (templated)
    :param interactions: `s3://` place of the snapshot of interactions (templated)
    :param users: the one of Users, if there is one (templated)
    :return: `why_not`, or `location` of what was sampled, `days` held back, `users`, and of each solution the `live`
        version, the `input` of its batch jobs, or `why_not`
    """

    template_fields: Sequence[str] = aws_template_fields(
        "dataset_group_arn", "partitions", "import_mode", "interactions", "users"
    )

    def __init__(
        self,
        *,
        dataset_group_arn: str,
        partitions: Sequence[str] | None,
        import_mode: str,
        interactions: str,
        users: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn, self.partitions, self.import_mode = dataset_group_arn, partitions, import_mode
        self.interactions, self.users = interactions, users

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(
            self.task_id,
            dataset_group_arn=self.dataset_group_arn,
            import_mode=self.import_mode,
            interactions=self.interactions,
        )
        settings = self.settings.comparison or Comparison()
        location = DatasetLocation(self.settings.bucket, self.settings.prefix, "interactions")
        days = self._days(location, settings.held_back_days)
        if why_not := self._why_not(days):
            self.log.warning("There is no comparison on the same users: %s", why_not)
            return {"why_not": why_not}
        held_back = hold_back(
            read.imported(self.s3, self.interactions, settings.scan_rows),
            read.of_days(self.s3, location, days),
            settings.users,
            self._attributes(settings.attribute),
        )
        if not len(held_back.users):
            return {"why_not": f"Nobody took anything on {', '.join(days)}, which was held back."}
        where = self._write(held_back, context["ti"].run_id)
        past = history.read(self.s3, self.settings.bucket, self.settings.prefix)
        self.log.info(
            "%d users are asked; what they took on %s decides.", len(held_back.users), ", ".join(days)
        )
        return {
            "why_not": None,
            "location": where,
            "days": days,
            "users": len(held_back.users),
            "solutions": {
                solution.name: self._of_solution(solution, where, days, past)
                for solution in self.settings.solutions
            },
        }

    def _days(self, location: DatasetLocation, number: int) -> list[str]:
        if not self.partitions or self.import_mode == "INCREMENTAL":
            return []
        return read.days_after(self.s3, location, max(self.partitions), number)

    def _why_not(self, days: Sequence[str]) -> str | None:
        if self.import_mode == "INCREMENTAL":
            return "An incremental import holds nothing back."
        if not days:
            return "No day of interactions was held back: too few are exported."
        trackers = find_by(
            self.client,
            "list_event_trackers",
            matches=lambda tracker: tracker["status"] == "ACTIVE",
            datasetGroupArn=self.dataset_group_arn,
        )
        if trackers:
            return (
                "The group has an event tracker: the service may have learnt of the days held back by PutEvents."
                " Compare versions of such a group by an A/B test."
            )
        return None

    def _attributes(self, column: str | None) -> Mapping[str, str] | None:
        return read.attribute(self.s3, self.users, column) if column and self.users else None

    def _write(self, held_back: HeldBack, run_id: str) -> str:
        """The sample, and the lines of each kind, where the clean-up removes what batch jobs leave."""
        group = self.settings
        folder = f"{group.prefix}/{FOLDER}/{history.file_name(run_id)}"
        self.s3.put_object(Bucket=group.bucket, Key=f"{folder}/{FILE}", Body=held_back.to_bytes())
        for columns in ASKED_WITH:
            lines = batch_lines.lines_of(held_back, columns)
            body = "".join(f"{line}\n" for line in lines).encode()
            self.s3.put_object(Bucket=group.bucket, Key=f"{folder}/{_input(columns)}", Body=body)
        return f"s3://{group.bucket}/{folder}/"

    def _of_solution(
        self, solution: Solution, where: str, days: Sequence[str], past: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        campaign = find_by(self.client, "list_campaigns", name=solution.campaign_name)
        live = solution_versions.live(self.client, campaign["campaignArn"]) if campaign else None
        columns = BATCH_COLUMNS.get(solution.recipe)
        why_not = None
        if columns not in ASKED_WITH:
            why_not = f"{solution.recipe} answers no batch jobs."
        elif live and not self._is_unaware(live, days[0], past):
            why_not = f"The live version {live} was trained on days that are held back now, or may have been."
        return {"live": live, "input": where + _input(columns) if columns else None, "why_not": why_not}

    def _is_unaware(self, live: str, first: str, past: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a version was trained on days before `first` only, as the history or its own age says."""
        until = history.data_until(past, live)
        if until is not None:
            return until < first
        version = self.client.describe_solution_version(solutionVersionArn=live)["solutionVersion"]
        created: datetime = version["creationDateTime"]
        return created.astimezone(UTC) <= datetime.fromisoformat(first).replace(tzinfo=UTC)


def _input(columns: Sequence[str]) -> str:
    return f"{'-and-'.join(columns)}.jsonl"
