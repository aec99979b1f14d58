"""Metric attributions: what events and imports leave in CloudWatch and S3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from encore.online import cloudwatch, reports
from encore.online.readings import window
from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import METRIC, NOW, own_group
from tests.support.localpersonalize.live import BUCKET, PERSONALIZE, code, policy, schema, until
from tests.support.localpersonalize.shop import RECIPE, Shop


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
    assert sum(float(row[2]) for row in rows if row[0] == "PURCHASES") == 60 * 20
    assert sum(float(row[2]) for row in rows if row[0] == "SALES") > 60 * 20

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
    values = partial(values_of, shop, group)
    until(lambda: values("SALES", "NEWSLETTER") == [4.5], "the metric in CloudWatch")
    assert values("PURCHASES", "NEWSLETTER") == [1.0]


def values_of(shop: Shop, group: str, name: str, source: str) -> list[float]:
    """What CloudWatch has, asked as AWS's notebook asks."""
    dimensions = [
        {"Name": "EventAttributionSource", "Value": source},
        {"Name": "DatasetGroupArn", "Value": group},
    ]
    points = shop.live.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Personalize",
        MetricName=name,
        Period=900,
        Statistics=["Sum"],
        StartTime=NOW - timedelta(hours=1),
        EndTime=NOW + timedelta(hours=1),
        Dimensions=dimensions,
    )
    return [point["Sum"] for point in points["Datapoints"]]


def test_events_of_a_recommendation_and_incremental_imports_are_attributed(shop: Shop) -> None:
    """Source: the developer guide, "Event metrics and attribution reports" and "Guidelines and requirements for a
    metric attribution": the campaign is found by the recommendation's id; reports need PutObject, not ListBucket."""
    live, group = shop.live, own_group(shop, "sources")
    iam = live.client("iam")
    trust = policy({"Effect": "Allow", "Principal": PERSONALIZE, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="reporter", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["s3:PutObject", "cloudwatch:PutMetricData"], "Resource": "*"}
    iam.put_role_policy(RoleName="reporter", PolicyName="reports", PolicyDocument=policy(allowed))
    text = schema(
        "Interactions",
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("EVENT_TYPE", "string"),
        ("TIMESTAMP", "long"),
        ("RECOMMENDATION_ID", ["null", "string"]),
        ("EVENT_ATTRIBUTION_SOURCE", ["null", "string"]),
    )
    made = live.personalize.create_schema(name="sources", schema=text)["schemaArn"]
    shop["dataset sources Interactions"] = live.make(
        "Dataset", name="i", datasetType="Interactions", datasetGroupArn=group, schemaArn=made
    )
    first, *lines = data.interactions().splitlines()
    first += ",RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE"
    shop.import_csv("sources Interactions", "sources", "\n".join([first, *(f"{line},," for line in lines)]))
    solution = live.make(
        "Solution",
        name="sources",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-popularity-count",
        performAutoTraining=False,
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    campaign = live.make("Campaign", name="sources", solutionVersionArn=version)
    attribution = live.make(
        "MetricAttribution",
        name="sources",
        datasetGroupArn=group,
        metrics=[{"eventType": "Click", "metricName": "clicks", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": role, "s3DataDestination": {"path": f"s3://{BUCKET}/sources/"}},
    )
    runtime, events = live.client("personalize-runtime"), live.client("personalize-events")
    recommendation = runtime.get_recommendations(campaignArn=campaign, userId="u1")["recommendationId"]
    tracker = live.personalize.create_event_tracker(name="sources", datasetGroupArn=group)
    live.wait("EventTracker", tracker["eventTrackerArn"])
    event = {"eventType": "click", "itemId": "i4", "sentAt": NOW, "recommendationId": recommendation}
    both = {**event, "metricAttribution": {"eventAttributionSource": "mail"}}
    events.put_events(
        trackingId=tracker["trackingId"], userId="u1", sessionId="s", eventList=[event, both, event]
    )
    values = partial(values_of, shop, group, "CLICKS")
    until(lambda: values(campaign) == [2.0], "the campaign's clicks in CloudWatch", 20)
    assert values("MAIL") == [1.0]

    moment = int(NOW.timestamp())
    rows = [
        f"u1,i1,Click,{moment},{recommendation},",
        f"u2,i1,Click,{moment},{recommendation},letter",
        f"u3,i1,Click,{moment},,",
        f"u3,i2,Click,{moment - 15 * 86_400},{recommendation},",
    ]
    header = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE"
    live.make(
        "DatasetImportJob",
        jobName="sources-more",
        datasetArn=shop["dataset sources Interactions"],
        roleArn=shop.role,
        importMode="INCREMENTAL",
        publishAttributionMetricsToS3=True,
        dataSource={"dataLocation": live.upload("in/sources-more.csv", "\n".join([header, *rows]))},
    )
    until(lambda: values("LETTER") == [1.0], "the import's clicks in CloudWatch", 30)
    assert values(campaign) == [3.0]
    assert values("SOURCE_NAME_UNDEFINED") == [1.0]
    until(
        lambda: bool(live.s3.list_objects_v2(Bucket=BUCKET, Prefix="sources/").get("Contents")), "the report"
    )
    (report,) = live.s3.list_objects_v2(Bucket=BUCKET, Prefix="sources/")["Contents"]
    lines = live.s3.get_object(Bucket=BUCKET, Key=report["Key"])["Body"].read().decode()
    parts = [line.replace('"', "").split(",") for line in lines.splitlines()[1:]]
    assert sum(float(part[2]) for part in parts if part[4] == campaign) == 2
    assert {(part[0], part[1]) for part in parts} == {("CLICKS", "CLICK")}

    since, end = window(datetime.now(UTC))
    read = cloudwatch.read(live.client("cloudwatch"), group, ["clicks"], [campaign], since, end)
    sums = {source: value for (_, source, _), value in read.sums.items()}
    assert sums == {campaign: 3.0, "MAIL": 1.0, "LETTER": 1.0, "SOURCE_NAME_UNDEFINED": 1.0}
    assert sum(read.requests.values()) == 1, "the recommendations that were asked for"
    written = reports.read(live.s3, BUCKET, "sources/", since)
    for source, value in ((campaign, 1.0), ("LETTER", 1.0), ("SOURCE_NAME_UNDEFINED", 1.0)):
        assert sum(sum_ for (_, name, _), sum_ in written.items() if name == source) == value

    iam.put_role_policy(
        RoleName="reporter",
        PolicyName="reports",
        PolicyDocument=policy({**allowed, "Action": "s3:PutObject"}),
    )
    events.put_events(trackingId=tracker["trackingId"], userId="u1", sessionId="s", eventList=[event])

    def reason() -> str:
        body = live.personalize.describe_metric_attribution(metricAttributionArn=attribution)
        return str(body["metricAttribution"].get("failureReason", ""))

    until(lambda: "cloudwatch:PutMetricData" in reason(), "the reason why nothing is reported", 20)


def test_requests_that_were_answered_are_counted_in_cloudwatch(shop: Shop) -> None:
    """Source: the developer guide, "CloudWatch metrics for Amazon Personalize"."""
    runtime, cloudwatch = shop.live.client("personalize-runtime"), shop.live.client("cloudwatch")
    query = {
        "Id": "asked",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Personalize",
                "MetricName": "GetRecommendations",
                "Dimensions": [{"Name": "CampaignArn", "Value": shop["campaign"]}],
            },
            "Period": 3600,
            "Stat": "Sum",
        },
    }

    def counted() -> float:
        start = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[query], StartTime=start, EndTime=start + timedelta(hours=6)
        )
        return sum(answer["MetricDataResults"][0]["Values"])

    before = counted()
    for _ in range(3):
        runtime.get_recommendations(campaignArn=shop["campaign"], userId="u1")
    refused = code(
        lambda: runtime.get_recommendations(campaignArn=shop["campaign"], userId="u1", numResults=501)
    )
    assert refused == "InvalidInputException"
    assert counted() == before + 3
    assert counted() == before + 3, "nothing is counted twice"


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
