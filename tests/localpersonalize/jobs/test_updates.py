"""Updates that only change settings."""

from __future__ import annotations

from localpersonalize.jobs.updates import update_dataset, update_metric_attribution, update_solution
from tests.support.localpersonalize.contexts import Desk


def test_a_solution_has_its_new_settings(desk: Desk) -> None:
    arn = desk.solution(desk.group())
    schedule = {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}
    desk.call("UpdateSolution", solutionArn=arn, performAutoTraining=False, solutionUpdateConfig=schedule)
    update_solution(desk.context, desk.job("update solution", arn))
    found = desk.call("DescribeSolution", solutionArn=arn)["solution"]
    assert (found["performAutoTraining"], found["solutionConfig"]) == (False, schedule)
    assert found["latestSolutionUpdate"]["status"] == "ACTIVE"


def test_a_dataset_has_its_new_schema(desk: Desk) -> None:
    arn = desk.users(desk.group())
    schema = (desk.context.database.get(arn) or {})["schemaArn"]
    desk.call("UpdateDataset", datasetArn=arn, schemaArn=schema)
    update_dataset(desk.context, desk.job("update dataset", arn, schemaArn=schema))
    found = desk.call("DescribeDataset", datasetArn=arn)["dataset"]
    assert (found["schemaArn"], found["latestDatasetUpdate"]["status"]) == (schema, "ACTIVE")


def test_what_was_deleted_meanwhile_is_left(desk: Desk) -> None:
    update_solution(desk.context, desk.job("update solution", "arn:none"))
    update_metric_attribution(desk.context, desk.job("update metric attribution", "arn:none"))
    assert not desk.context.resources.exists("arn:none")
