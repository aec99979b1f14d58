"""Airflow plugin: the page *Encore* in the navigation and as a tab of DAGs and runs; its timetable; its pools."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from encore import listener
from encore.timetable import NextTickTimetable

PREFIX = "/encore"
# Without a slash in front: addresses begin where Airflow's UI does, which may be below a path of its own.
ADDRESSES = {"nav": "encore/", "dag": "encore/dags/{DAG_ID}", "dag_run": "encore/dags/{DAG_ID}/runs/{RUN_ID}"}


class PageApp:
    """The ASGI app, made on the first request: workers and scheduler load plugins, too, and never ask it."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from encore.page.airflow_api import APP
        from encore.page.app import create_app

        if self._app is None:
            self._app = create_app()
        await self._app({**scope, APP: scope.get("app")}, receive, send)


class EncorePlugin(AirflowPlugin):
    """Adds the page and the timetable, and has the pools made."""

    name = "encore"
    listeners = [listener]  # noqa: RUF012
    timetables = [NextTickTimetable]  # noqa: RUF012
    fastapi_apps = [{"app": PageApp(), "url_prefix": PREFIX, "name": "Encore"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Encore",
            "href": address,
            "destination": destination,
            "url_route": "encore" if destination == "nav" else f"encore-{destination.replace('_', '-')}",
        }
        for destination, address in ADDRESSES.items()
    ]
