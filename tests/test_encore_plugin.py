"""The plugin that Airflow loads: a page in the navigation and on DAGs and runs, made on the first request only."""

from __future__ import annotations

import os
import subprocess
import sys

from encore_plugin import EncorePlugin

from encore.config import INCLUDE

PLUGINS = INCLUDE.parent / "plugins"


def test_the_page_is_in_the_navigation_and_a_tab_of_dags_and_runs():
    views = {view["destination"]: view["href"] for view in EncorePlugin.external_views}
    assert views == {
        "nav": "encore/",
        "dag": "encore/dags/{DAG_ID}",
        "dag_run": "encore/dags/{DAG_ID}/runs/{RUN_ID}",
    }


def test_no_two_views_have_one_route():
    """Airflow drops the second."""
    routes = [view["url_route"] for view in EncorePlugin.external_views]
    assert len(set(routes)) == len(routes)


def test_loading_the_plugin_does_not_load_the_app():
    code = "import sys, encore_plugin; print('encore.page.app' in sys.modules, 'fastapi' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split()[-2] == "False", answer.stdout


def test_the_plugin_has_the_scheduler_make_the_pools():
    from airflow._shared.listeners.listener import ListenerManager
    from airflow._shared.listeners.spec import lifecycle

    manager = ListenerManager()
    manager.add_hookspecs(lifecycle)
    for module in EncorePlugin.listeners:
        manager.add_listener(module)
    assert [call.plugin.__name__ for call in manager.hook.on_starting.get_hookimpls()] == ["encore.listener"]
