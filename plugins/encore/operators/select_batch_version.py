"""Which solution version a batch job uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize import solution_versions
from airflow_personalize.arns import arn_of
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class NoVersionError(Exception):
    """There is no version for the job yet, or no filter. The message says how to come by it."""


class PersonalizeSelectBatchVersionOperator(PersonalizeBaseOperator):
    """
    Find the version that a batch job asks: the one live in the campaign, or without one the newest that is ACTIVE.

    :param dataset_group_name: the group that the solution must belong to
    :param solution_name: the solution
    :param campaign_name: the campaign whose version counts; None: the newest version counts
    :param filter_name: a filter of the group
    :return: `solution_version_arn`, `filter_arn` (or None), and in words `because`
    """

    template_fields: Sequence[str] = aws_template_fields()

    def __init__(
        self,
        *,
        dataset_group_name: str,
        solution_name: str,
        campaign_name: str | None = None,
        filter_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_group_name, self.solution_name = dataset_group_name, solution_name
        self.campaign_name, self.filter_name = campaign_name, filter_name

    def execute(self, context: Context) -> Mapping[str, Any]:
        try:
            selected = select_version(
                self.client, self.dataset_group_name, self.solution_name, self.campaign_name, self.filter_name
            )
        except NoVersionError as error:
            raise AirflowFailException(str(error)) from None
        self.log.info("Asking %s: %s", selected["solution_version_arn"], selected["because"])
        return selected


def select_version(
    client: Any, group: str, solution: str, campaign: str | None = None, filter_name: str | None = None
) -> dict[str, Any]:
    """
    :raises NoVersionError: if there is no ACTIVE version, or no such filter that is ACTIVE.
    """
    group_arn = _active_arn(client, "list_dataset_groups", {}, "datasetGroupArn", group, "dataset group")
    arguments = {"datasetGroupArn": group_arn}
    solution_arn = _active_arn(client, "list_solutions", arguments, "solutionArn", solution, "solution")
    arn = solution_versions.live(client, arn_of(solution_arn, "campaign", campaign)) if campaign else None
    because = f"campaign {campaign} serves it"
    if arn is None or arn.rsplit("/", 1)[0] != solution_arn:  # another group may have a campaign of the name
        newest = solution_versions.newest(client, solution_arn)
        if newest is None:
            raise NoVersionError(
                f"Solution {solution} has no ACTIVE version. Run retrain_recommenders of {group} first."
            )
        arn, because = newest.arn, "the newest one; no campaign serves the solution"
    filter_arn = None
    if filter_name:
        filter_arn = _active_arn(client, "list_filters", arguments, "filterArn", filter_name, "filter")
    return {"solution_version_arn": arn, "filter_arn": filter_arn, "because": because}


def _active_arn(
    client: Any, operation: str, arguments: Mapping[str, Any], key: str, name: str, what: str
) -> str:
    resource = find_by(client, operation, name=name, **arguments)
    if resource is None or resource["status"] != "ACTIVE":
        state = f"is {resource['status']}" if resource else "is not there yet"
        raise NoVersionError(f"The {what} {name} {state}. Run retrain_recommenders of the group first.")
    return str(resource[key])
