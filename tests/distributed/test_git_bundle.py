"""A bundle from git, as `deploy/helm/values.yaml` names it: what a run reads, whatever was pushed since it began."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.compose import ROOT

pytestmark = pytest.mark.long

#: In a worker: the bundle at a version, and the DAG file parsed as a task's process does it.
PARSE = """
import json, sys
from pathlib import Path
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag
manager = DagBundlesManager()
bundle = manager.get_bundle("encore", version=sys.argv[1])
bundle.initialize()
bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name="encore")
assert not bag.import_errors, bag.import_errors
(folder,) = bag.dags["retrain_recommenders"].template_searchpath
query = (Path(folder) / "sql" / "users.sql").read_text()
tasks = sorted(bag.dags["retrain_recommenders"].task_ids)
print("RESULT", json.dumps({"query": query, "tasks": tasks}))
"""


def test_dags_queries_and_the_pipeline_file_are_of_the_runs_commit(deploy_python: Path, tmp_path: Path):
    repository = tmp_path / "repository"
    for name in ("dags", "include"):
        shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
    _git(repository, "init", "--quiet", "--initial-branch=main")
    old = _commit(repository)
    query = repository / "include" / "sql" / "users.sql"
    query.write_text(query.read_text() + "\n-- changed\n")
    pipeline = repository / "include" / "pipeline.yaml"
    content = yaml.safe_load(pipeline.read_text())
    del content["dataset_groups"][0]["datasets"]["items"]
    pipeline.write_text(yaml.safe_dump(content))
    new = _commit(repository)
    of_old, of_new = (_parse(deploy_python, tmp_path, repository, commit) for commit in (old, new))
    assert "-- changed" in of_new["query"]
    assert "-- changed" not in of_old["query"]
    assert {"export_items"} <= set(of_old["tasks"]) - set(of_new["tasks"])


def _parse(python: Path, home: Path, repository: Path, commit: str) -> dict[str, object]:
    values = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
    (bundle,) = values["dagProcessor"]["dagBundleConfigList"]
    bundle["kwargs"] = {**bundle["kwargs"], "git_conn_id": None, "repo_url": str(repository)}
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home / "bundles"),
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    migrated = subprocess.run(
        [python, "-m", "airflow", "db", "migrate"], env=env, cwd=home, capture_output=True
    )
    assert migrated.returncode == 0, migrated.stderr
    done = subprocess.run(
        [python, "-W", "ignore", "-c", PARSE, commit], env=env, cwd=home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("RESULT ")[2])


def _commit(repository: Path) -> str:
    _git(repository, "add", "--all")
    _git(
        repository,
        "-c",
        "user.name=Encore",
        "-c",
        "user.email=encore@localhost",
        "commit",
        "--quiet",
        "-m",
        "x",
    )
    return _git(repository, "rev-parse", "HEAD").strip()


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
