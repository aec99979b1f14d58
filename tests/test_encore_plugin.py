"""The plugin that Airflow loads: a tab on DAGs and runs, whose app is made on the first request only."""

from __future__ import annotations

import os
import subprocess
import sys

from encore_plugin import EncorePlugin

from encore.config import INCLUDE

PLUGINS = INCLUDE.parent / "plugins"


def test_the_plugin_adds_the_tab_to_dags_and_runs():
    assert [view["destination"] for view in EncorePlugin.external_views] == ["dag", "dag_run"]
    assert all(view["href"] == "/encore/report/{DAG_ID}" for view in EncorePlugin.external_views)


def test_loading_the_plugin_does_not_load_the_app():
    code = "import sys, encore_plugin; print('encore.report.web' in sys.modules, 'fastapi' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split()[-2] == "False", answer.stdout
