"""Airflow plugin: a tab *Runs* on every DAG and run of the pipeline, with the report of all runs; its timetable."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from encore.timetable import NextTickTimetable

PREFIX = "/encore"


class ReportApp:
    """The ASGI app, made on the first request: workers and scheduler load plugins, too, and never ask it."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            from encore.report.web import create_app

            self._app = create_app()
        await self._app(scope, receive, send)


class EncorePlugin(AirflowPlugin):
    """Adds the tab and the timetable."""

    name = "encore"
    timetables = [NextTickTimetable]  # noqa: RUF012
    fastapi_apps = [{"app": ReportApp(), "url_prefix": PREFIX, "name": "Encore report"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Runs",
            "href": f"{PREFIX}/report/{{DAG_ID}}",
            "destination": destination,
            "url_route": f"encore-runs-{destination.replace('_', '-')}",
        }
        for destination in ("dag", "dag_run")
    ]
