"""`docker-compose.yaml` against the compose specification, and against what `make up` starts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo import sample
from demo.airflow import COMPONENTS

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yaml"
CONTAINERFILE = "deploy/localpersonalize/Containerfile"


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load(FILE.read_text())["services"]


def test_follows_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_runs_the_components_that_make_up_runs_and_a_worker(services):
    for component in COMPONENTS:
        assert services[component]["command"] == [component]
    assert services["worker"]["command"] == ["celery", "worker"]
    assert services["localpersonalize"]["build"]["dockerfile"] == CONTAINERFILE


def test_every_long_running_service_has_a_health_check(services):
    once = {name for name, service in services.items() if service["restart"] == "no"}
    assert once == {"migrate", "account", "shop-data"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == once


def test_images_are_pinned_to_a_version(services):
    for name, service in services.items():
        assert re.search(r":\d+\.\d+", service["image"]), f"{name}: {service['image']}"


def test_no_secret_has_a_default():
    names = re.findall(r"\$\{(\w+):-[^}]*\}", FILE.read_text())
    assert set(names) == {"AIRFLOW_PORT", "AWS_DEFAULT_REGION", "WORKER_STOP_GRACE", "SHOP_PASSWORD"}
    assert set(re.findall(r"\$\{SHOP_PASSWORD:-([^}]*)\}", FILE.read_text())) == {""}


def test_every_required_variable_is_in_the_example():
    required = set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))
    assert required <= set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), flags=re.M))


def test_services_that_others_wait_for_exist(services):
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


def test_images_install_the_lock_of_their_use(services):
    assert services["worker"]["build"] == {"context": ".", "dockerfile": "deploy/airflow/Containerfile"}
    assert "COPY requirements/deploy.txt" in (ROOT / "deploy/airflow/Containerfile").read_text()
    assert services["localpersonalize"]["build"] == {"context": ".", "dockerfile": CONTAINERFILE}
    assert "COPY requirements/local.txt" in (ROOT / CONTAINERFILE).read_text()


def test_the_build_context_has_all_that_is_copied_into_an_image(services):
    included = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = set()
    for service in services.values():
        if build := service.get("build"):
            text = build.get("dockerfile_inline") or (ROOT / build["dockerfile"]).read_text()
            copied |= set(re.findall(r"^\s*COPY (?!--from)(\S+) ", text, flags=re.M))
    assert {"demo", "plugins", "localpersonalize"} <= copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(Path(source).is_relative_to(path) for path in included), (
            f"{source} is in no build's context"
        )


def test_our_images_are_of_this_version_are_built_and_take_nobody_elses_name(services):
    version = (ROOT / "VERSION").read_text().strip()
    built = {service["image"]: service["pull_policy"] for service in services.values() if "build" in service}
    ours = ("encore-airflow", "localpersonalize", "encore-demo")
    assert built == {f"{name}:{version}": "build" for name in ours}


def test_nothing_that_is_mounted_read_only_is_written_and_nobody_signs_in_by_a_file(services):
    text = FILE.read_text()
    assert "SIMPLE_AUTH_MANAGER" not in text
    assert services["worker"]["environment"]["AIRFLOW__CORE__AUTH_MANAGER"].endswith("FabAuthManager")
    lock = (ROOT / "requirements" / "deploy.txt").read_text()
    assert re.search(r"^apache-airflow-providers-fab==\d", lock, flags=re.M)
    assert "airflow users create" in services["migrate"]["command"][0]


def test_a_secret_reaches_only_who_needs_it(services):
    holders = {
        secret: {name for name, service in services.items() if f"${{{secret}" in json.dumps(service)}
        for secret in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "SHOP_PASSWORD")
    }
    airflow = {name for name, service in services.items() if service["image"].startswith("encore-airflow")}
    assert holders == {
        "POSTGRES_PASSWORD": airflow | {"postgres"},
        "REDIS_PASSWORD": airflow | {"redis"},
        "AIRFLOW_ADMIN_PASSWORD": {"migrate"},
        "SHOP_PASSWORD": {"shop", "shop-data"},
    }
    environment = services["scheduler"]["environment"]
    assert environment["AIRFLOW__API__SECRET_KEY"] != environment["AIRFLOW__API_AUTH__JWT_SECRET"]


def test_without_a_key_and_an_endpoint_the_instances_role_and_aws_count(services):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        assert services["worker"]["environment"][name] is None, "only passed on where it is set"
    assert "COMPOSE_PROFILES" in (ROOT / ".env.example").read_text()


def test_who_waits_for_a_service_of_a_profile_does_without_where_it_is_not_chosen(services):
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            if set(services[other].get("profiles", [])) - set(service.get("profiles", [])):
                assert condition["required"] is False, f"{name} -> {other}"


def test_the_bucket_and_the_role_are_made_before_a_task_runs(services):
    assert services["account"]["entrypoint"] == ["python", "-m", "encore", "iam", "--apply"]
    for name in ("worker", "scheduler", "triggerer"):
        assert services[name]["depends_on"]["account"]["condition"] == "service_completed_successfully"


def test_a_worker_may_end_what_it_has_begun(services):
    worker = services["worker"]
    assert worker["environment"]["DUMB_INIT_SETSID"] == "0"
    assert worker["stop_grace_period"].endswith(":-30m}")
    assert worker["depends_on"]["api-server"]["condition"] == "service_healthy"
    assert {"postgres", "redis", "migrate"} <= worker["depends_on"].keys()


def test_a_killed_task_is_found_soon_and_unchanged_files_are_not_parsed_all_the_time(services):
    for name in ("scheduler", "worker", "dag-processor"):
        environment = services[name]["environment"]
        assert int(environment["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"]) <= 60
        assert int(environment["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"]) >= 300


def test_what_forks_imports_its_modules_before(services):
    for name in ("scheduler", "worker", "dag-processor"):
        sources = dict(volume.split(":")[:2] for volume in services[name]["volumes"])
        (target,) = (target for source, target in sources.items() if "airflow_local_settings" in source)
        assert target == "/opt/airflow/config/airflow_local_settings.py"
        assert (ROOT / "deploy" / "airflow" / "airflow_local_settings.py").exists()


def test_the_sample_database_gets_its_shop_once(monkeypatch):
    filled: dict[str, str] = {}
    monkeypatch.setattr(sample.product_database, "loaded_source", filled.get)
    monkeypatch.setattr(sample.product_database, "load", lambda uri, _, source: filled.update({uri: source}))
    monkeypatch.setattr(sample.shop, "generate", lambda: None)
    assert [sample.fill("postgresql://x"), sample.fill("postgresql://x")] == [True, False]
