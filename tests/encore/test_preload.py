"""What a component of Airflow has imported before it forks, seen from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.every_setting import PIPELINE
from tests.support.operator_runs import connection

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "deploy" / "airflow"
IN_A_FORK = """
import os, sys
sys.argv = ["airflow", sys.argv[1]]
import airflow_local_settings
if os.fork() == 0:
    names = ("airflow_personalize.operators.campaign", "encore.operators.gate")
    names += ("pandas", "adbc_driver_postgresql", "scipy.stats")
    there = [name for name in names if name in sys.modules]
    print(len(there), "encore.page.app" in sys.modules, flush=True)
    os._exit(0)
os.wait()
"""


CLIENTS_IN_A_FORK = """
import os, sys
sys.argv = ["airflow", sys.argv[1]]
import airflow_local_settings
from botocore.loaders import JSONFileLoader
if os.fork() == 0:
    files, read = [], JSONFileLoader.load_file
    JSONFileLoader.load_file = lambda self, path: files.append(path) or read(self, path)
    from airflow_personalize.hooks import PersonalizeHook
    from airflow_personalize.s3 import s3_client
    hook = PersonalizeHook()
    hook.conn, s3_client("aws_default"), hook.get_session().client("iam")
    print(len(files), flush=True)
    os._exit(0)
os.wait()
"""
PARSED_AFTERWARDS = """
import json, sys
from pathlib import Path
files = sys.argv[2:]
sys.argv = ["airflow", sys.argv[1]]
import airflow_local_settings
from airflow.dag_processing.dagbag import DagBag
imported = {}
for file in files:
    before = set(sys.modules)
    assert not DagBag(file).import_errors
    names = set(sys.modules) - before
    imported[Path(file).name] = sorted(name for name in names if not name.startswith("unusual_prefix_"))
print(json.dumps(imported))
"""


def component(script: str, *arguments: str, home: Path, **environment: str) -> str:
    """What a script prints that takes the command of a component and then imports Airflow's local settings."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "AIRFLOW_HOME": str(home),
            "PYTHONPATH": f"{ROOT}/plugins:{SETTINGS}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return answer.stdout


@pytest.mark.parametrize(
    ("name", "modules"), [("scheduler", 5), ("dag-processor", 2), ("celery", 5), ("api-server", 0)]
)
def test_a_fork_of_a_component_that_forks_finds_the_operators_imported(name, modules, tmp_path):
    assert component(IN_A_FORK, name, home=tmp_path).split() == [str(modules), "False"]


@pytest.mark.parametrize("name", ["scheduler", "dag-processor", "celery"])
def test_a_dag_file_with_every_setting_imports_nothing_more_in_a_fork(name, tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(PIPELINE))
    dags = [str(path) for path in (ROOT / "dags").glob("*.py")]
    printed = component(PARSED_AFTERWARDS, name, *dags, home=tmp_path, ENCORE_PIPELINE=str(file))
    assert json.loads(printed.splitlines()[-1]) == {Path(dag).name: [] for dag in dags}


@pytest.mark.parametrize("name", ["scheduler", "celery"])
def test_a_task_makes_clients_of_aws_without_reading_what_they_are_made_of(name, tmp_path):
    environment = {"AIRFLOW_CONN_AWS_DEFAULT": connection("http://127.0.0.1:9")}
    assert component(CLIENTS_IN_A_FORK, name, home=tmp_path, **environment).splitlines()[-1] == "0"


def test_a_pipeline_file_that_cannot_be_used_is_left_to_the_dag_files(tmp_path):
    (tmp_path / "pipeline.yaml").write_text("dataset_groups: []")
    printed = component(IN_A_FORK, "celery", home=tmp_path, ENCORE_PIPELINE=str(tmp_path / "pipeline.yaml"))
    assert printed.split() == ["5", "False"]
