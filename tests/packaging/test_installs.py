"""Each package in a virtual environment of its own, with nothing else in it: what a user has after `pip install`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.recipes.registry import RECIPES
from tests.support.localpersonalize import calls
from tests.support.localpersonalize.live import BUCKET, Live, schema
from tests.support.localpersonalize.shop import N_USERS, NEWEST_TIMESTAMP, RECIPE, Shop
from tests.support.packages import ENCORE, LOCALPERSONALIZE, PROVIDER, ROOT, Package

pytestmark = pytest.mark.long

LIMIT_MB = 850  # of files as they are in the wheels, without byte code
SMALL_NETWORK = {"hidden_dimension": "32", "bptt": "8"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pip install ./localpersonalize`."""
    return _environment(tmp_path_factory.mktemp("local") / "venv", LOCALPERSONALIZE)


@pytest.fixture(scope="module")
def shop(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The installed command, serving a shop: schemas, datasets, imports, a first campaign."""
    data = tmp_path_factory.mktemp("installed") / "data"
    live = Live(data, program=environment / "bin" / "localpersonalize").start()
    try:
        shop = Shop(live).build()
        calls.the_action_campaign(shop)
        shop.import_csv("Interactions", "cold-items", _cold_items(), mode="INCREMENTAL")
        yield shop
    finally:
        live.stop()


def test_localpersonalize_brings_neither_airflow_nor_tools(environment: Path):
    names = _installed(environment)
    unwanted = {"pandas", "matplotlib", "awscli", "pytest", "mypy", "docker", "cfn-lint"}
    assert not [name for name in names if name in unwanted or name.startswith("apache-airflow")]


def test_localpersonalize_is_small(environment: Path):
    size = sum(file.stat().st_size for file in environment.rglob("*") if not file.is_symlink()) / 2**20
    assert size < LIMIT_MB


def test_its_files_are_the_installed_ones(environment: Path):
    code = "import localpersonalize; print(localpersonalize.__file__)"
    assert _run(environment / "bin" / "python", "-c", code).startswith(str(environment))


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_trains_and_answers(shop: Shop, name: str):
    live = shop.live
    recipe = live.personalize.describe_recipe(recipeArn=RECIPE + name)["recipe"]
    parameters = live.personalize.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    known = parameters.get("defaultHyperParameters", {})
    small = {key: value for key, value in SMALL_NETWORK.items() if key in known}
    config = {"solutionConfig": {"algorithmHyperParameters": small}} if small else {}
    solution = live.make(
        "Solution",
        name=f"every-{name}",
        datasetGroupArn=_group_with_texts(shop) if name == "aws-semantic-similarity" else shop["group"],
        recipeArn=RECIPE + name,
        performAutoTraining=False,
        **config,
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    if recipe["recipeType"] == "USER_SEGMENTATION":
        assert _segments(shop, name, version)
    else:
        campaign = live.make("Campaign", name=f"every-{name}", solutionVersionArn=version)
        assert _answer(live, recipe["recipeType"], campaign)
        live.personalize.delete_campaign(campaignArn=campaign)  # five at a time are the quota
        live.gone("Campaign", campaign)


def test_the_provider_is_listed_by_a_plain_airflow(tmp_path: Path):
    environment = _environment(tmp_path / "venv", PROVIDER)
    listed = json.loads(_airflow(environment, tmp_path, "providers", "list", "--output", "json"))
    assert PROVIDER.project["name"] in {provider["package_name"] for provider in listed}


def test_the_application_is_found_by_a_plain_airflow(tmp_path: Path):
    environment = _environment(tmp_path / "venv", PROVIDER, ENCORE)
    listed = json.loads(_airflow(environment, tmp_path, "plugins", "--output", "json"))
    assert "encore" in {plugin["name"] for plugin in listed}


def _cold_items(number: int = 120) -> str:
    """CSV: items with one interaction, without at least 100 of which `aws-hrnn-coldstart` does not train."""
    lines = [f"u{n % N_USERS},c{n},Purchase,1.5,{NEWEST_TIMESTAMP}" for n in range(number)]
    return "\n".join(["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP", *lines])


def _group_with_texts(shop: Shop) -> str:
    """A dataset group whose items say what they are."""
    live = shop.live
    name, text = {"name": "NAME", "itemName": True}, {"name": "ABOUT", "textual": True}
    fields = [("ITEM_ID", "string"), {**name, "type": "string"}, {**text, "type": "string"}]
    made = live.personalize.create_schema(name="texts", schema=schema("Items", *fields))["schemaArn"]
    group = live.make("DatasetGroup", name="texts")
    shop["dataset texts"] = live.make(
        "Dataset", name="texts", datasetType="Items", datasetGroupArn=group, schemaArn=made
    )
    rows = [
        f"i{n},{'red' if n % 2 else 'blue'} thing,made of {'wood' if n % 2 else 'steel'}" for n in range(10)
    ]
    shop.import_csv("texts", "texts", "\n".join(["ITEM_ID,NAME,ABOUT", *rows]))
    return group


def _environment(folder: Path, *packages: Package) -> Path:
    """A virtual environment with these packages, at the versions of the lock."""
    _run("uv", "venv", "--quiet", str(folder))
    python = ["--python", str(folder / "bin" / "python")]
    folders = [str(package.folder) for package in packages]
    _run(
        "uv",
        "pip",
        "install",
        "--quiet",
        *python,
        "--constraint",
        str(ROOT / "requirements/dev.txt"),
        *folders,
    )
    return folder


def _installed(environment: Path) -> set[str]:
    python = str(environment / "bin" / "python")
    return {
        package["name"]
        for package in json.loads(_run("uv", "pip", "list", "--format", "json", "--python", python))
    }


def _airflow(environment: Path, home: Path, *command: str) -> str:
    env = {"AIRFLOW_HOME": str(home / "airflow"), "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "no-plugins")}
    _run(environment / "bin" / "airflow", "db", "migrate", cwd=home, **env)
    return _run(environment / "bin" / "airflow", *command, cwd=home, **env)


def _run(program: str | Path, *arguments: str, cwd: Path | None = None, **more: str) -> str:
    """What a command prints; nothing of this tree can be imported by it.

    :raises AssertionError: with its output, if it fails.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
    command = [str(program), *arguments]
    done = subprocess.run(
        command, env={**env, "PATH": path, **more}, cwd=cwd or "/", capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _answer(live: Live, kind: str, campaign: str) -> list[Any]:
    runtime = live.client("personalize-runtime")
    if kind == "PERSONALIZED_RANKING":
        ranked = runtime.get_personalized_ranking(campaignArn=campaign, userId="u1", inputList=["i1", "i2"])
        return list(ranked["personalizedRanking"])
    if kind == "PERSONALIZED_ACTIONS":
        return list(runtime.get_action_recommendations(campaignArn=campaign, userId="u1")["actionList"])
    request = {"itemId": "i1"} if kind == "RELATED_ITEMS" else {"userId": "u1"}
    return list(runtime.get_recommendations(campaignArn=campaign, **request)["itemList"])


def _segments(shop: Shop, name: str, version: str) -> list[str]:
    """The users in a segment: recipes of this type answer in batch only."""
    attribute = name == "aws-item-attribute-affinity"
    line = '{"itemAttributes": "Items.CATEGORY = \\"red\\""}' if attribute else '{"itemId": "i1"}'
    call = calls.batch(shop, f"every-{name}", version, line)
    shop.live.make("BatchSegmentJob", **call, numResults=5)
    listed = shop.live.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"batch/out/every-{name}/")["Contents"]
    out = next(entry["Key"] for entry in listed if entry["Key"].endswith(".out"))
    answer = json.loads(shop.live.s3.get_object(Bucket=BUCKET, Key=out)["Body"].read().splitlines()[0])
    return list(answer["output"]["usersList"])
