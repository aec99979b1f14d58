"""The steps of a night against a real service: everything is made once, whatever happens to the task."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from airflow_personalize.operators.solution_version import PersonalizeGetSolutionMetricsOperator
from tests.support.operator_runs import BUCKET, Task
from tests.support.personalize_service import interactions
from tests.support.resources import POPULAR, WAIT, Night, requests


def test_a_night_from_nothing_to_recommendations(service, schema):
    night = Night("nothing", schema)
    imported = Task("import").run(night.import_())
    assert imported.split("/")[1].startswith("import-scheduled-20260301T030000-")
    version = Task("train").run(night.version())
    metrics = Task().run(
        PersonalizeGetSolutionMetricsOperator(task_id="metrics", solution_version_arn=version)
    )
    assert metrics["coverage"] > 0
    campaign = Task().run(night.campaign(version))
    items = Task().run(
        PersonalizeGetRecommendationsOperator(
            task_id="ask", campaign_arn=campaign, user_id="u1", num_results=5
        )
    )
    assert len(items) == 5


def test_each_try_finds_what_an_earlier_one_started(service, trained):
    operator, task = trained.version(), Task("train", map_index=3)
    first = task.run(operator)
    before = requests(service)
    assert task.run(operator) == first
    task.store.clear()  # the name is the truth, not Airflow's memory
    assert task.run(operator) == first
    assert requests(service)["CreateSolutionVersion"] == before["CreateSolutionVersion"]


def test_each_mapped_task_trains_a_version_of_its_own(service, trained):
    assert Task("train", map_index=11).run(trained.version()) != Task("train", map_index=12).run(
        trained.version()
    )


def test_clearing_a_task_that_succeeded_does_its_work_again(service, trained):
    operator, task = trained.version(), Task("train", map_index=4)
    first = task.run(operator)
    task.clear()
    second = task.run(operator)
    assert second != first
    assert task.run(operator) == second
    described = service.client("personalize").describe_solution_version(solutionVersionArn=second)
    assert described["solutionVersion"]["name"].endswith("-4-r1")


def test_clearing_a_task_that_has_not_succeeded_goes_on_with_its_job(service, trained):
    operator, task = trained.version(wait_for_completion=False, deferrable=False), Task("train", map_index=5)
    operator.completed = lambda context, arn: arn  # the worker dies before it can say that it is done
    first = task.run(operator)
    task.clear()
    assert task.run(trained.version()) == first


def test_the_next_attempt_is_made_only_after_a_failure(service, trained):
    task, s3 = Task("import"), service.client("s3")
    s3.put_object(Bucket=BUCKET, Key="mended/part-0.csv", Body=b"user_id,item_id\n1,2\n")
    with pytest.raises(AirflowFailException, match="export it again"):
        task.run(trained.import_("mended/"))
    s3.put_object(Bucket=BUCKET, Key="mended/part-0.csv", Body=interactions().encode())
    good = task.run(trained.import_("mended/"))
    assert good.endswith("-a2")
    assert task.run(trained.import_("mended/")) == good


def test_a_task_that_is_cleared_to_do_something_else_does_not_find_its_earlier_job(service, trained):
    task = Task("import_elsewhere")
    operator = trained.import_(wait_for_completion=False)
    first = task.run(operator)
    service.client("s3").put_object(Bucket=BUCKET, Key="other/part-0.csv", Body=interactions().encode())
    assert task.run(trained.import_("other/")) != first


def test_a_failed_import_says_which_job_why_and_what_to_do(service, trained):
    with pytest.raises(AirflowFailException) as failure:
        Task("import_broken").run(trained.import_("broken/"))
    assert "dataset-import-job/import_broken" in str(failure.value)
    assert "CREATE FAILED" in str(failure.value)


def test_a_failed_wait_fails_whether_deferred_or_not(service, trained):
    operator = trained.import_("broken/")
    operator.deferrable = False
    with pytest.raises((AirflowFailException, PersonalizeError)):
        Task("import_not_deferred").run(operator)


def test_a_campaign_is_created_then_updated_and_never_asked_twice(service, trained):
    one, two = (Task("train", map_index=index).run(trained.version()) for index in (20, 21))
    Task().run(trained.campaign(one))
    before = requests(service)
    Task().run(trained.campaign(one))
    assert requests(service)["UpdateCampaign"] == before["UpdateCampaign"]
    arn = Task().run(trained.campaign(two))
    Task().run(trained.campaign(two))
    assert requests(service)["UpdateCampaign"] == before["UpdateCampaign"] + 1
    live = service.client("personalize").describe_campaign(campaignArn=arn)["campaign"]
    assert live["solutionVersionArn"] == two


def test_a_campaign_follows_a_changed_throughput(service, trained):
    version = Task("train", map_index=22).run(trained.version())
    arn = Task().run(trained.campaign(version))
    Task().run(trained.campaign(version, min_provisioned_tps=3))
    assert (
        service.client("personalize").describe_campaign(campaignArn=arn)["campaign"]["minProvisionedTPS"] == 3
    )


def test_a_solution_with_other_settings_is_refused_with_what_differs(service, trained):
    with pytest.raises(
        AirflowFailException, match=r"recipeArn: there .*popularity-count.* asked for .*aws-sims"
    ):
        trained.solution(recipe_arn="arn:aws:personalize:::recipe/aws-sims")


def test_a_solution_that_trains_by_itself_is_told_not_to(service, trained):
    group = trained.group()
    client = service.client("personalize")
    client.create_solution(
        name="self-willed", datasetGroupArn=group, recipeArn=POPULAR, performAutoTraining=True
    )
    arn = Task().run(
        PersonalizeCreateSolutionOperator(
            task_id="solution",
            solution_name="self-willed",
            dataset_group_arn=group,
            recipe_arn=POPULAR,
            **WAIT,
        )
    )
    assert client.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"] is False


def test_a_schema_with_a_new_nullable_field_is_put_into_the_dataset(service, schema):
    night = Night("growing", schema)
    arn = night.dataset()
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    assert night.dataset(grown) == arn
    there = service.client("personalize").describe_dataset(datasetArn=arn)["dataset"]
    assert there["latestDatasetUpdate"]["status"] == "ACTIVE"
    assert night.dataset(grown) == arn


def test_a_schema_that_the_service_refuses_fails_with_the_steps_that_lead_on(service, schema):
    night = Night("shrinking", schema)
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    night.dataset(grown)
    with pytest.raises(
        AirflowFailException, match=r"\(1\) delete the dataset .* \(2\) trigger this DAG again"
    ):
        night.dataset(schema)


def test_a_dataset_group_of_another_domain_is_refused(service, schema):
    Night("domainless", schema).group()
    with pytest.raises(AirflowFailException, match="exists with the domain None, not ECOMMERCE"):
        Task().run(
            PersonalizeCreateDatasetGroupOperator(
                task_id="group", dataset_group_name="domainless", domain="ECOMMERCE", **WAIT
            )
        )
