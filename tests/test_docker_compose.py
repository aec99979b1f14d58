"""`docker-compose.yaml` against the compose specification, and against what `make up` starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}


def test_images_are_pinned_to_a_version(services):
    for name, service in services.items():
        assert re.search(r":\d+\.\d+", service["image"]), f"{name}: {service['image']}"


def test_no_secret_has_a_default():
    names = re.findall(r"\$\{(\w+):-[^}]*\}", FILE.read_text())
    assert set(names) == {"AIRFLOW_PORT", "AIRFLOW_PASSWORDS_FILE", "AWS_DEFAULT_REGION"}


def test_every_required_variable_is_in_the_example():
    required = set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))
    assert required <= set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), flags=re.M))


def test_services_that_others_wait_for_exist(services):
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


def test_images_install_the_lock_of_their_use(services):
    assert "COPY requirements/airflow.txt" in services["worker"]["build"]["dockerfile_inline"]
    assert services["localpersonalize"]["build"] == {"context": ".", "dockerfile": CONTAINERFILE}
    assert "COPY requirements/local.txt" in (ROOT / CONTAINERFILE).read_text()


def test_the_image_of_localpersonalize_is_of_this_version(services):
    assert (
        services["localpersonalize"]["image"] == f"localpersonalize:{(ROOT / 'VERSION').read_text().strip()}"
    )


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
