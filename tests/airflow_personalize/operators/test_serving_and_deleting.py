"""Filters, event trackers and deletions against a real service."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.campaign import PersonalizeDeleteCampaignOperator
from airflow_personalize.operators.delete_dataset_group import PersonalizeDeleteDatasetGroupTreeOperator
from airflow_personalize.operators.event_tracker import PersonalizeCreateEventTrackerOperator
from airflow_personalize.operators.events import PersonalizePutEventsOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.schema import PersonalizeDeleteSchemaOperator
from airflow_personalize.operators.solution_version import PersonalizeStopSolutionVersionOperator
from tests.support.operator_runs import Task
from tests.support.resources import WAIT, DatasetGroupResources

NOT_BOUGHT = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'


def filter_of(
    resources: DatasetGroupResources, expression: str = NOT_BOUGHT
) -> PersonalizeCreateFilterOperator:
    return PersonalizeCreateFilterOperator(
        task_id="filter", filter_name=f"{resources.name}-filter", dataset_group_arn=resources.group(),
        filter_expression=expression, **WAIT,
    )  # fmt: skip


def tracker_of(resources: DatasetGroupResources) -> PersonalizeCreateEventTrackerOperator:
    return PersonalizeCreateEventTrackerOperator(
        task_id="tracker", tracker_name=resources.name, dataset_group_arn=resources.group(), **WAIT
    )


def test_a_filter_is_found_again_whatever_its_white_space(trained, service):
    arn = Task().run(filter_of(trained))
    assert Task().run(filter_of(trained, NOT_BOUGHT.replace(" WHERE", "\n  WHERE"))) == arn


def test_a_filter_with_another_expression_is_refused_with_both(trained, service):
    Task().run(filter_of(trained))
    with pytest.raises(AirflowFailException, match=r'There: .*\("buy"\)\nAsked for: .*\("like"\)'):
        Task().run(filter_of(trained, NOT_BOUGHT.replace("buy", "like")))


def test_a_filter_that_the_service_does_not_understand_is_refused_with_its_message(trained, service):
    with pytest.raises(AirflowFailException, match="refused by the service"):
        Task().run(
            PersonalizeCreateFilterOperator(
                task_id="filter", filter_name="nonsense", dataset_group_arn=trained.group(),
                filter_expression="INCLUDE everything", **WAIT,
            )
        )  # fmt: skip


def test_events_are_sent_in_portions_and_are_the_same_events_when_sent_again(trained, service, monkeypatch):
    tracker = Task().run(tracker_of(trained))
    assert Task().run(tracker_of(trained)) == tracker
    events = [{"eventType": "view", "itemId": f"i{n}"} for n in range(23)]
    operator = PersonalizePutEventsOperator(
        task_id="events", tracking_id=tracker["tracking_id"], session_id="s", user_id="u1", events=events
    )
    sent: list[list[str]] = []
    put = operator.hook.conn.put_events
    monkeypatch.setattr(
        operator.hook.conn, "put_events",
        lambda **call: (sent.append([event["eventId"] for event in call["eventList"]]), put(**call)),
    )  # fmt: skip
    assert Task("events").run(operator) == 23
    assert Task("events").run(operator) == 23
    assert [len(portion) for portion in sent] == [10, 10, 3] * 2
    assert sent[:3] == sent[3:]
    assert len({event for portion in sent for event in portion}) == 23


def test_what_is_gone_already_counts_as_deleted(service):
    missing = "arn:aws:personalize:us-east-1:123456789012:{}/never-was"
    assert (
        Task().run(PersonalizeDeleteCampaignOperator(task_id="d", campaign_arn=missing.format("campaign")))
        is None
    )
    assert (
        Task().run(PersonalizeDeleteSchemaOperator(task_id="d", schema_arn=missing.format("schema"))) is None
    )


def test_a_training_that_has_ended_is_not_stopped(trained, service):
    version = Task("train", map_index=30).run(trained.version())
    stop = PersonalizeStopSolutionVersionOperator(task_id="stop", solution_version_arn=version, **WAIT)
    assert Task().run(stop) == version


def test_a_dataset_group_goes_with_all_it_holds_in_order(service, schema):
    resources, client = DatasetGroupResources("doomed", schema), service.client("personalize")
    Task("import").run(resources.import_())
    version = Task("train").run(resources.version())
    Task().run(resources.campaign(version))
    Task().run(filter_of(resources))
    Task().run(tracker_of(resources))
    schema_arn = client.describe_dataset(datasetArn=resources.dataset())["dataset"]["schemaArn"]
    group = resources.group()
    delete = PersonalizeDeleteDatasetGroupTreeOperator(
        task_id="delete", dataset_group_arn=group, delete_schemas=True, **WAIT
    )
    Task().run(delete)
    assert group not in [found["datasetGroupArn"] for found in client.list_dataset_groups()["datasetGroups"]]
    assert resources.name not in [found["name"] for found in client.list_campaigns()["campaigns"]]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_schema(schemaArn=schema_arn)
    Task().run(delete)  # and once more: nothing is left to do
