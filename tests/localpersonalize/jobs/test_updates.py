"""Updates that only change settings."""

from __future__ import annotations

from localpersonalize.jobs.updates import update_dataset, update_metric_attribution, update_solution
from tests.support.localpersonalize.in_process import InProcessService


def test_a_solution_has_its_new_settings(service: InProcessService) -> None:
    arn = service.solution(service.group())
    schedule = {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}
    service.call("UpdateSolution", solutionArn=arn, performAutoTraining=False, solutionUpdateConfig=schedule)
    update_solution(service.context, service.job("update solution", arn))
    result = service.call("DescribeSolution", solutionArn=arn)["solution"]
    assert (result["performAutoTraining"], result["solutionConfig"]) == (False, schedule)
    assert result["latestSolutionUpdate"]["status"] == "ACTIVE"


def test_a_dataset_has_its_new_schema(service: InProcessService) -> None:
    arn = service.users(service.group())
    schema = (service.context.database.get(arn) or {})["schemaArn"]
    service.call("UpdateDataset", datasetArn=arn, schemaArn=schema)
    update_dataset(service.context, service.job("update dataset", arn, schemaArn=schema))
    result = service.call("DescribeDataset", datasetArn=arn)["dataset"]
    assert (result["schemaArn"], result["latestDatasetUpdate"]["status"]) == (schema, "ACTIVE")


def test_what_was_deleted_meanwhile_is_left(service: InProcessService) -> None:
    update_solution(service.context, service.job("update solution", "arn:none"))
    update_metric_attribution(service.context, service.job("update metric attribution", "arn:none"))
    assert not service.context.resources.exists("arn:none")
