"""One valid call of every operation, against the shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.live import BUCKET
from tests.support.localpersonalize.shop import RECIPE, Shop

NOW = datetime.now(UTC)
METRIC = {"eventType": "Purchase", "metricName": "sales", "expression": "SUM(Items.PRICE)"}
Call = Callable[[Shop], Mapping[str, Any]]


def own_group(shop: Shop, name: str, **more: Any) -> str:
    return shop.live.make("DatasetGroup", name=name, **more)


def own_version(shop: Shop, name: str) -> str:
    return shop.live.make("SolutionVersion", solutionArn=own_solution(shop, name))


def own_solution(shop: Shop, name: str, recipe: str = "aws-popularity-count") -> str:
    return shop.live.make(
        "Solution",
        name=name,
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + recipe,
        performAutoTraining=False,
    )


def own_campaign(shop: Shop, name: str) -> str:
    return shop.live.make("Campaign", name=name, solutionVersionArn=shop["version"])


def own_recommender(shop: Shop, name: str) -> str:
    recipe = RECIPE + "aws-ecomm-popular-items-by-purchases"
    return shop.live.make("Recommender", name=name, datasetGroupArn=shop.domain_group(), recipeArn=recipe)


def own_filter(shop: Shop, name: str) -> str:
    expression = 'INCLUDE ItemID WHERE Items.CATEGORY IN ("red")'
    return shop.live.make("Filter", name=name, datasetGroupArn=shop["group"], filterExpression=expression)


def own_tracker(shop: Shop, name: str) -> str:
    return shop.live.make("EventTracker", name=name, datasetGroupArn=own_group(shop, name))


def own_dataset(shop: Shop, name: str) -> str:
    return shop.live.make(
        "Dataset",
        name=name,
        datasetType="Users",
        datasetGroupArn=own_group(shop, name),
        schemaArn=shop["schema Users"],
    )


def own_schema(shop: Shop, name: str, text: str = data.USERS) -> str:
    return str(shop.live.personalize.create_schema(name=name, schema=text)["schemaArn"])


def attribution(shop: Shop) -> dict[str, Any]:
    output = {"roleArn": shop.role, "s3DataDestination": {"path": f"s3://{BUCKET}/metrics/"}}
    return {
        "name": "effect",
        "datasetGroupArn": shop["group"],
        "metrics": [METRIC],
        "metricsOutputConfig": output,
    }


def the_attribution(shop: Shop) -> str:
    return shop.once("attribution", lambda: shop.live.make("MetricAttribution", **attribution(shop)))


def the_recommender(shop: Shop) -> str:
    return shop.once("recommender", lambda: own_recommender(shop, "popular"))


def the_action_campaign(shop: Shop) -> str:
    def make() -> str:
        shop.import_csv("Actions", "actions", data.actions())
        shop.import_csv("Action_Interactions", "action-interactions", data.action_interactions())
        solution = own_solution(shop, "actions", "aws-next-best-action")
        version = shop.live.make("SolutionVersion", solutionArn=solution)
        return shop.live.make("Campaign", name="actions", solutionVersionArn=version)

    return shop.once("action campaign", make)


def stopped_recommender(shop: Shop) -> str:
    arn = own_recommender(shop, "stopped")
    shop.live.personalize.stop_recommender(recommenderArn=arn)
    shop.live.wait("Recommender", arn, "INACTIVE")
    return arn


def batch(shop: Shop, name: str, version: str, line: str) -> dict[str, Any]:
    path = shop.live.upload(f"batch/{name}.json", line)
    return {
        "jobName": name,
        "solutionVersionArn": version,
        "roleArn": shop.role,
        "jobInput": {"s3DataSource": {"path": path}},
        "jobOutput": {"s3DataDestination": {"path": f"s3://{BUCKET}/batch/out/{name}/"}},
    }


def the_batch(shop: Shop) -> str:
    call = batch(shop, "batch-known", shop["version"], '{"userId": "u1"}')
    return shop.once("batch", lambda: shop.live.make("BatchInferenceJob", **call))


def segment_version(shop: Shop) -> str:
    def make() -> str:
        return shop.live.make(
            "SolutionVersion", solutionArn=own_solution(shop, "segments", "aws-item-affinity")
        )

    return shop.once("segments", make)


def the_segment(shop: Shop) -> str:
    call = batch(shop, "segment-known", segment_version(shop), '{"itemId": "i1"}')
    return shop.once("segment", lambda: shop.live.make("BatchSegmentJob", **call))


def export(shop: Shop, name: str) -> dict[str, Any]:
    return {
        "jobName": name,
        "datasetArn": shop["dataset Items"],
        "ingestionMode": "ALL",
        "roleArn": shop.role,
        "jobOutput": {"s3DataDestination": {"path": f"s3://{BUCKET}/exports/"}},
    }


def deletion(shop: Shop, name: str) -> dict[str, Any]:
    location = shop.live.upload(f"forget/{name}.csv", "USER_ID\nnobody\n")
    return {
        "jobName": name,
        "datasetGroupArn": shop["group"],
        "roleArn": shop.role,
        "dataSource": {"dataLocation": location},
    }


def the_deletion(shop: Shop) -> str:
    def make() -> str:
        return shop.live.make("DataDeletionJob", wait=False, **deletion(shop, "forget-known"))

    return shop.once("deletion", make)


def running_version(shop: Shop) -> str:
    """A training that is held up, by being many."""
    solution = own_solution(shop, "to-stop")
    made = [shop.live.make("SolutionVersion", wait=False, solutionArn=solution) for _ in range(4)]
    return made[-1]


def _for(name: str, key: str) -> Call:
    return lambda shop: {key: shop[name]}


CALLS: dict[str, Call] = {
    "CreateBatchInferenceJob": lambda s: batch(s, "batch", s["version"], '{"userId": "u1"}'),
    "CreateBatchSegmentJob": lambda s: batch(s, "segment", segment_version(s), '{"itemId": "i1"}'),
    "CreateCampaign": lambda s: {"name": "made", "solutionVersionArn": s["version"], "minProvisionedTPS": 2},
    "CreateDataDeletionJob": lambda s: deletion(s, "forget"),
    "CreateDataset": lambda s: {
        "name": "d",
        "datasetType": "Items",
        "datasetGroupArn": own_group(s, "made-dataset"),
        "schemaArn": s["schema Items"],
    },
    "CreateDatasetExportJob": lambda s: export(s, "export"),
    "CreateDatasetGroup": lambda s: {"name": "made", "tags": [{"tagKey": "team", "tagValue": "shop"}]},
    "CreateDatasetImportJob": lambda s: {
        "jobName": "made",
        "datasetArn": s["dataset Users"],
        "roleArn": s.role,
        "importMode": "FULL",
        "dataSource": {"dataLocation": s.live.upload("in/made.csv", data.users())},
    },
    "CreateEventTracker": lambda s: {"name": "t", "datasetGroupArn": own_group(s, "made-tracker")},
    "CreateFilter": lambda s: {
        "name": "made",
        "datasetGroupArn": s["group"],
        "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")',
    },
    "CreateMetricAttribution": lambda s: (
        attribution(s) | {"name": "made", "datasetGroupArn": s.domain_group()}
    ),
    "CreateRecommender": lambda s: {
        "name": "made",
        "datasetGroupArn": s.domain_group(),
        "recipeArn": RECIPE + "aws-ecomm-popular-items-by-views",
    },
    "CreateSchema": lambda s: {"name": "made", "schema": data.ITEMS},
    "CreateSolution": lambda s: {
        "name": "made",
        "datasetGroupArn": s["group"],
        "recipeArn": RECIPE + "aws-sims",
        "solutionConfig": {"algorithmHyperParameters": {"popularity_discount_factor": "0.4"}},
    },
    "CreateSolutionVersion": lambda s: {"solutionArn": s["solution"], "trainingMode": "FULL"},
    "DeleteCampaign": lambda s: {"campaignArn": own_campaign(s, "to-delete")},
    "DeleteDataset": lambda s: {"datasetArn": own_dataset(s, "delete-dataset")},
    "DeleteDatasetGroup": lambda s: {"datasetGroupArn": own_group(s, "to-delete")},
    "DeleteEventTracker": lambda s: {"eventTrackerArn": own_tracker(s, "delete-tracker")},
    "DeleteFilter": lambda s: {"filterArn": own_filter(s, "to-delete")},
    "DeleteMetricAttribution": lambda s: {
        "metricAttributionArn": s.live.make(
            "MetricAttribution",
            **attribution(s)
            | {
                "name": "gone",
                "datasetGroupArn": own_group(s, "delete-attribution"),
                "metrics": [METRIC | {"expression": "SAMPLECOUNT()"}],
            },
        )
    },
    "DeleteRecommender": lambda s: {"recommenderArn": own_recommender(s, "to-delete")},
    "DeleteSchema": lambda s: {"schemaArn": own_schema(s, "to-delete")},
    "DeleteSolution": lambda s: {"solutionArn": own_solution(s, "to-delete")},
    "DescribeAlgorithm": lambda s: {"algorithmArn": _recipe_description(s)["algorithmArn"]},
    "DescribeBatchInferenceJob": lambda s: {"batchInferenceJobArn": the_batch(s)},
    "DescribeBatchSegmentJob": lambda s: {"batchSegmentJobArn": the_segment(s)},
    "DescribeCampaign": _for("campaign", "campaignArn"),
    "DescribeDataDeletionJob": lambda s: {"dataDeletionJobArn": the_deletion(s)},
    "DescribeDataset": _for("dataset Items", "datasetArn"),
    "DescribeDatasetExportJob": lambda s: {
        "datasetExportJobArn": s.once("export", lambda: s.live.make("DatasetExportJob", **export(s, "known")))
    },
    "DescribeDatasetGroup": _for("group", "datasetGroupArn"),
    "DescribeDatasetImportJob": _for("import", "datasetImportJobArn"),
    "DescribeEventTracker": _for("tracker", "eventTrackerArn"),
    "DescribeFeatureTransformation": lambda s: {
        "featureTransformationArn": _recipe_description(s)["featureTransformationArn"]
    },
    "DescribeFilter": _for("filter", "filterArn"),
    "DescribeMetricAttribution": lambda s: {"metricAttributionArn": the_attribution(s)},
    "DescribeRecipe": lambda s: {"recipeArn": RECIPE + "aws-hrnn"},
    "DescribeRecommender": lambda s: {"recommenderArn": the_recommender(s)},
    "DescribeSchema": _for("schema Items", "schemaArn"),
    "DescribeSolution": _for("solution", "solutionArn"),
    "DescribeSolutionVersion": _for("version", "solutionVersionArn"),
    "GetSolutionMetrics": _for("version", "solutionVersionArn"),
    "ListBatchInferenceJobs": lambda s: {"maxResults": 1, "solutionVersionArn": s["version"]},
    "ListBatchSegmentJobs": lambda s: {"maxResults": 1},
    "ListCampaigns": _for("solution", "solutionArn"),
    "ListDataDeletionJobs": _for("group", "datasetGroupArn"),
    "ListDatasetExportJobs": _for("dataset Items", "datasetArn"),
    "ListDatasetGroups": lambda s: {"maxResults": 1},
    "ListDatasetImportJobs": _for("dataset Interactions", "datasetArn"),
    "ListDatasets": _for("group", "datasetGroupArn"),
    "ListEventTrackers": _for("group", "datasetGroupArn"),
    "ListFilters": _for("group", "datasetGroupArn"),
    "ListMetricAttributionMetrics": lambda s: {"metricAttributionArn": the_attribution(s)},
    "ListMetricAttributions": _for("group", "datasetGroupArn"),
    "ListRecipes": lambda s: {"domain": "ECOMMERCE"},
    "ListRecommenders": lambda s: {"datasetGroupArn": s.domain_group()},
    "ListSchemas": lambda s: {"maxResults": 2},
    "ListSolutionVersions": _for("solution", "solutionArn"),
    "ListSolutions": _for("group", "datasetGroupArn"),
    "ListTagsForResource": _for("campaign", "resourceArn"),
    "StartRecommender": lambda s: {"recommenderArn": stopped_recommender(s)},
    "StopRecommender": lambda s: {"recommenderArn": own_recommender(s, "to-stop")},
    "StopSolutionVersionCreation": lambda s: {"solutionVersionArn": running_version(s)},
    "TagResource": lambda s: {"resourceArn": s["campaign"], "tags": [{"tagKey": "a", "tagValue": "b"}]},
    "UntagResource": lambda s: {"resourceArn": s["campaign"], "tagKeys": ["a"]},
    "UpdateCampaign": lambda s: {"campaignArn": own_campaign(s, "to-update"), "minProvisionedTPS": 3},
    "UpdateDataset": lambda s: {
        "datasetArn": own_dataset(s, "update-dataset"),
        "schemaArn": own_schema(s, "wider", data.WIDER_USERS),
    },
    "UpdateMetricAttribution": lambda s: {
        "metricAttributionArn": the_attribution(s),
        "addMetrics": [METRIC | {"metricName": "clicks", "expression": "SAMPLECOUNT()"}],
    },
    "UpdateRecommender": lambda s: {
        "recommenderArn": own_recommender(s, "to-update"),
        "recommenderConfig": {"minRecommendationRequestsPerSecond": 2},
    },
    "UpdateSolution": lambda s: {
        "solutionArn": own_solution(s, "to-update"),
        "performAutoTraining": True,
        "solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}},
    },
    "GetActionRecommendations": lambda s: {"campaignArn": the_action_campaign(s), "userId": "u1"},
    "GetPersonalizedRanking": lambda s: {
        "campaignArn": s.ranking_campaign(),
        "userId": "u1",
        "inputList": ["i1", "i2"],
    },
    "GetRecommendations": lambda s: {
        "campaignArn": s["campaign"],
        "userId": "u1",
        "numResults": 5,
        "filterArn": s["filter"],
        "filterValues": {"COLOUR": '"red"'},
    },
    "PutActionInteractions": lambda s: {
        "trackingId": s.live.personalize.describe_dataset(datasetArn=s["dataset Action_Interactions"])[
            "dataset"
        ]["trackingId"],
        "actionInteractions": [
            {"actionId": "a1", "userId": "u1", "sessionId": "s", "eventType": "Taken", "timestamp": NOW}
        ],
    },
    "PutActions": lambda s: {
        "datasetArn": s["dataset Actions"],
        "actions": [{"actionId": "a1", "properties": '{"kind": "mail"}'}],
    },
    "PutEvents": lambda s: {
        "trackingId": s["tracking id"],
        "userId": "u1",
        "sessionId": "s",
        "eventList": [
            {
                "eventType": "Purchase",
                "itemId": "i3",
                "sentAt": NOW,
                "eventValue": 2.0,
                "eventId": "e1",
                "metricAttribution": {"eventAttributionSource": "mail"},
            }
        ],
    },
    "PutItems": lambda s: {
        "datasetArn": s["dataset Items"],
        "items": [{"itemId": "i99", "properties": '{"category": "red", "price": 3.5}'}],
    },
    "PutUsers": lambda s: {
        "datasetArn": s["dataset Users"],
        "users": [{"userId": "u99", "properties": '{"segment": "new"}'}],
    },
}


def _recipe_description(shop: Shop) -> dict[str, Any]:
    answer = shop.live.personalize.describe_recipe(recipeArn=RECIPE + "aws-popularity-count")
    return dict(answer["recipe"])
