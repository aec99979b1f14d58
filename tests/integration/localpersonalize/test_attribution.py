"""Metric attributions: what events and imports leave in CloudWatch and S3."""

from __future__ import annotations

from datetime import timedelta

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import METRIC, NOW, own_group
from tests.support.localpersonalize.live import BUCKET, code, until
from tests.support.localpersonalize.shop import Shop


def test_an_import_that_asks_for_it_is_reported_and_so_are_events(shop: Shop) -> None:
    live, group = shop.live, own_group(shop, "attributed")
    for kind in ("Interactions", "Items"):
        shop[f"dataset attributed {kind}"] = live.make(
            "Dataset",
            name=f"attributed-{kind}",
            datasetType=kind,
            datasetGroupArn=group,
            schemaArn=shop[f"schema {kind}"],
        )
    shop.import_csv("attributed Items", "attributed-items", data.items())
    output = {"roleArn": shop.role, "s3DataDestination": {"path": f"s3://{BUCKET}/reports/"}}
    count = {"eventType": "Purchase", "metricName": "purchases", "expression": "SAMPLECOUNT()"}
    live.make(
        "MetricAttribution",
        name="attributed",
        datasetGroupArn=group,
        metrics=[METRIC, count],
        metricsOutputConfig=output,
    )
    live.make(
        "DatasetImportJob",
        jobName="attributed",
        datasetArn=shop["dataset attributed Interactions"],
        roleArn=shop.role,
        publishAttributionMetricsToS3=True,
        dataSource={"dataLocation": live.upload("in/attributed.csv", data.interactions())},
    )

    def reports() -> list[str]:
        listed = live.s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/").get("Contents", [])
        return [entry["Key"] for entry in listed]

    until(lambda: bool(reports()), "the report")
    text = live.s3.get_object(Bucket=BUCKET, Key=reports()[0])["Body"].read().decode()
    rows = [line.replace('"', "").split(",") for line in text.splitlines()[1:]]
    assert sum(float(row[2]) for row in rows if row[0] == "purchases") == 60 * 20
    assert sum(float(row[2]) for row in rows if row[0] == "sales") > 60 * 20

    tracker = live.personalize.create_event_tracker(name="attributed", datasetGroupArn=group)
    live.wait("EventTracker", tracker["eventTrackerArn"])
    event = {
        "eventType": "Purchase",
        "itemId": "i4",
        "sentAt": NOW,
        "metricAttribution": {"eventAttributionSource": "newsletter"},
    }
    live.client("personalize-events").put_events(
        trackingId=tracker["trackingId"], userId="u1", sessionId="s", eventList=[event]
    )
    cloudwatch = live.client("cloudwatch")

    def values(name: str) -> list[float]:
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/Personalize",
            MetricName=name,
            Period=900,
            Statistics=["Sum"],
            StartTime=NOW - timedelta(hours=1),
            EndTime=NOW + timedelta(hours=1),
            Dimensions=[{"Name": "EventAttributionSource", "Value": "newsletter"}],
        )
        return [point["Sum"] for point in found["Datapoints"]]

    until(lambda: values("sales") == [4.5], "the metric in CloudWatch")
    assert values("purchases") == [1.0]


def test_expressions_that_cannot_be_summed(shop: Shop) -> None:
    client = shop.live.personalize

    def create(expression: str) -> str:
        metric = {"eventType": "e", "metricName": "m", "expression": expression}
        output = {"roleArn": shop.role}
        return code(
            lambda: client.create_metric_attribution(
                name="no", datasetGroupArn=shop["group"], metrics=[metric], metricsOutputConfig=output
            )
        )

    for expression in (
        "SUM()",
        "AVG(Items.PRICE)",
        "SUM(Items.CATEGORY)",
        "SUM(Items.NONE)",
        "SAMPLECOUNT(Items.PRICE)",
    ):
        assert create(expression) == "InvalidInputException", expression
