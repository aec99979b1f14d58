"""States, names, quotas, tags and lists, as users meet them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.support.localpersonalize.calls import (
    own_filter,
    own_group,
    own_schema,
    own_solution,
    the_recommender,
)
from tests.support.localpersonalize.live import Live, code
from tests.support.localpersonalize.shop import ITEMS, Shop


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service whose jobs take a twentieth of the real one's minutes, with quotas of its own."""
    folder = tmp_path_factory.mktemp("paced")
    (folder / "quotas.toml").write_text("[total]\nSchema = 1\nDatasetGroup = 3\n")
    live = Live(folder, "--pace", "0.05").start()
    yield live
    live.stop()


def test_resources_go_through_their_states(paced: Live) -> None:
    client = paced.personalize
    arn = client.create_dataset_group(name="slow")["datasetGroupArn"]
    first = client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"]
    assert first in ("CREATE PENDING", "CREATE IN_PROGRESS")
    solution = {"name": "s", "datasetGroupArn": arn, "recipeArn": "arn:aws:personalize:::recipe/aws-sims"}
    assert code(lambda: client.create_solution(**solution)) == "ResourceInUseException"
    assert code(lambda: client.delete_dataset_group(datasetGroupArn=arn)) == "ResourceInUseException"
    paced.wait("DatasetGroup", arn)
    client.delete_dataset_group(datasetGroupArn=arn)
    status = client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"]
    assert status in ("DELETE PENDING", "DELETE IN_PROGRESS")
    assert code(lambda: client.delete_dataset_group(datasetGroupArn=arn)) == "ResourceInUseException"
    paced.gone("DatasetGroup", arn)


def test_quotas_of_the_file_hold(paced: Live) -> None:
    client = paced.personalize
    client.create_schema(name="one", schema=ITEMS)
    with pytest.raises(ClientError, match=r"LimitExceededException.*at most 1 are"):
        client.create_schema(name="two", schema=ITEMS)


def test_default_quotas(shop: Shop) -> None:
    group = own_group(shop, "filters")
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a")'
    shop.live.make(
        "Dataset",
        name="i",
        datasetType="Interactions",
        datasetGroupArn=group,
        schemaArn=shop["schema Interactions"],
    )
    make = shop.live.personalize.create_filter
    for number in range(10):
        make(name=f"of-ten-{number}", datasetGroupArn=group, filterExpression=expression)
    eleventh = code(lambda: make(name="eleventh", datasetGroupArn=group, filterExpression=expression))
    assert eleventh == "LimitExceededException"


def test_names_are_taken_once(shop: Shop) -> None:
    assert (
        code(lambda: shop.live.personalize.create_dataset_group(name="shop"))
        == "ResourceAlreadyExistsException"
    )
    code_of_second = code(
        lambda: shop.import_csv("Users", "interactions", "USER_ID,SEGMENT\na,b\n", wait=False)
    )
    assert code_of_second == "ResourceAlreadyExistsException"


@pytest.mark.parametrize(
    ("operation", "key", "name"),
    [
        ("delete_dataset_group", "datasetGroupArn", "group"),
        ("delete_schema", "schemaArn", "schema Items"),
        ("delete_solution", "solutionArn", "solution"),
    ],
)
def test_what_is_in_use_is_not_deleted(shop: Shop, operation: str, key: str, name: str) -> None:
    call = getattr(shop.live.personalize, operation)
    assert code(lambda: call(**{key: shop[name]})) == "ResourceInUseException"


def test_arns_of_another_kind_are_not_found(shop: Shop) -> None:
    client = shop.live.personalize
    assert code(lambda: client.describe_solution(solutionArn=shop["group"])) == "ResourceNotFoundException"
    wrong = code(lambda: client.create_solution_version(solutionArn=shop["campaign"]))
    assert wrong == "ResourceNotFoundException"


def test_lists_come_in_pages_that_hold_everything_once(shop: Shop) -> None:
    for number in range(5):
        own_schema(shop, f"page-{number}")
    pages = list(
        shop.live.personalize.get_paginator("list_schemas").paginate(PaginationConfig={"PageSize": 2})
    )
    names = [entry["name"] for page in pages for entry in page["schemas"]]
    assert len(names) == len(set(names))
    assert {f"page-{number}" for number in range(5)} <= set(names)
    assert all(len(page["schemas"]) <= 2 for page in pages)


def test_lists_are_narrowed_by_their_parent(shop: Shop) -> None:
    group, client = own_group(shop, "narrow"), shop.live.personalize
    assert client.list_datasets(datasetGroupArn=group)["datasets"] == []
    result = client.list_datasets(datasetGroupArn=shop["group"])["datasets"]
    assert {entry["datasetArn"].rsplit("/", 1)[-1] for entry in result} >= {"INTERACTIONS", "ITEMS", "USERS"}
    filters = client.list_filters(datasetGroupArn=shop["group"])["Filters"]
    assert shop["filter"] in {entry["filterArn"] for entry in filters}


def test_tags(shop: Shop) -> None:
    client, arn = shop.live.personalize, own_filter(shop, "tagged")
    client.tag_resource(resourceArn=arn, tags=[{"tagKey": f"k{n}", "tagValue": "v"} for n in range(50)])
    too_many = code(
        lambda: client.tag_resource(resourceArn=arn, tags=[{"tagKey": "one", "tagValue": "more"}])
    )
    assert too_many == "TooManyTagsException"
    keys = [f"k{n}" for n in range(51)]
    assert code(lambda: client.untag_resource(resourceArn=arn, tagKeys=keys)) == "TooManyTagKeysException"
    tags = [{"tagKey": key, "tagValue": "v"} for key in keys]
    assert code(lambda: client.create_dataset_group(name="many-tags", tags=tags)) == "TooManyTagsException"
    client.untag_resource(resourceArn=arn, tagKeys=keys[1:50])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k0", "tagValue": "v"}]
    client.delete_filter(filterArn=arn)


def test_a_recommender_is_stopped_and_started(shop: Shop) -> None:
    live, arn = shop.live, the_recommender(shop)
    recommend = live.client("personalize-runtime").get_recommendations
    before = recommend(recommenderArn=arn, userId="u1", numResults=3)["itemList"]
    live.personalize.stop_recommender(recommenderArn=arn)
    live.wait("Recommender", arn, "INACTIVE")
    refused = code(lambda: recommend(recommenderArn=arn, userId="u1", numResults=3))
    assert refused in ("InvalidInputException", "ResourceNotFoundException")
    live.personalize.start_recommender(recommenderArn=arn)
    live.wait("Recommender", arn)
    assert recommend(recommenderArn=arn, userId="u1", numResults=3)["itemList"] == before


def test_recommenders_need_their_domain(shop: Shop) -> None:
    def create(group: str, case: str) -> str:
        recipe = f"arn:aws:personalize:::recipe/{case}"
        client = shop.live.personalize
        return code(lambda: client.create_recommender(name="no", datasetGroupArn=group, recipeArn=recipe))

    assert create(shop["group"], "aws-ecomm-popular-items-by-views") == "InvalidInputException"
    assert create(shop.domain_group(), "aws-vod-most-popular") == "InvalidInputException"
    assert create(shop.domain_group(), "aws-ecomm-none") == "ResourceNotFoundException"


def test_hyperparameters_out_of_range(shop: Shop) -> None:
    config = {"algorithmHyperParameters": {"popularity_discount_factor": "2"}}
    with pytest.raises(ClientError, match="popularity_discount_factor"):
        shop.live.personalize.create_solution(
            name="no",
            datasetGroupArn=shop["group"],
            solutionConfig=config,
            recipeArn="arn:aws:personalize:::recipe/aws-sims",
        )


def test_the_catalogue_describes_each_recipe_it_lists(shop: Shop) -> None:
    client = shop.live.personalize
    for listed in (
        client.list_recipes()["recipes"],
        client.list_recipes(domain="VIDEO_ON_DEMAND")["recipes"],
    ):
        assert len(listed) >= 5
        for entry in listed:
            recipe = client.describe_recipe(recipeArn=entry["recipeArn"])["recipe"]
            algorithm = client.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
            assert algorithm["algorithmArn"] == recipe["algorithmArn"]


def test_a_version_that_is_stopped(shop: Shop) -> None:
    solution = own_solution(shop, "stop-version")
    versions = [shop.live.make("SolutionVersion", wait=False, solutionArn=solution) for _ in range(4)]
    shop.live.personalize.stop_solution_version_creation(solutionVersionArn=versions[-1])
    shop.live.wait("SolutionVersion", versions[-1], "CREATE STOPPED")
    client = shop.live.personalize
    refused = code(lambda: client.create_campaign(name="no", solutionVersionArn=versions[-1]))
    assert refused == "InvalidInputException"
    for arn in versions[:-1]:
        shop.live.wait("SolutionVersion", arn)


def test_a_solution_goes_with_its_versions(shop: Shop) -> None:
    client, arn = shop.live.personalize, own_solution(shop, "again")
    version = shop.live.make("SolutionVersion", wait=False, solutionArn=arn)
    assert code(lambda: client.delete_solution(solutionArn=arn)) == "ResourceInUseException"
    shop.live.wait("SolutionVersion", version)
    client.delete_solution(solutionArn=arn)
    shop.live.gone("Solution", arn)
    gone = code(lambda: client.describe_solution_version(solutionVersionArn=version))
    assert gone == "ResourceNotFoundException"
    own_solution(shop, "again")
    assert client.list_solution_versions(solutionArn=arn)["solutionVersions"] == []


def test_a_dataset_is_not_deleted_under_an_import(shop: Shop) -> None:
    live, group = shop.live, own_group(shop, "under")
    dataset = live.make(
        "Dataset", name="u", datasetType="Users", datasetGroupArn=group, schemaArn=shop["schema Users"]
    )
    shop["dataset under Users"] = dataset
    job = shop.import_csv("under Users", "under", "USER_ID,SEGMENT\na,b\n", wait=False)
    client = live.personalize
    assert code(lambda: client.delete_dataset(datasetArn=dataset)) == "ResourceInUseException"
    live.wait("DatasetImportJob", job)
    client.delete_dataset(datasetArn=dataset)
    live.gone("Dataset", dataset)
