"""Airflow's own REST API, asked inside of its process with the credentials of whoever looks at the page.

So a page shows what its reader may read, and nothing else: permissions are Airflow's, and no second copy of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import anyio.from_thread
import httpx

#: Where the plugin leaves Airflow's app in the scope of a request.
APP = "encore.airflow"
CREDENTIALS = ("cookie", "authorization")
PAGE = 100


class AirflowApiError(Exception):
    """Airflow refuses, or does not know what was asked for.

    :param status: its HTTP status
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class AirflowApi:
    """A reader's view of Airflow, for the length of one request.

    :param app: Airflow's ASGI app
    :param headers: of the reader's request
    """

    def __init__(self, app: Any, headers: Any) -> None:
        self._app = app
        self._headers = {name: headers[name] for name in CREDENTIALS if name in headers}

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What Airflow answers to GET /api/v2`path`; for endpoints that run in a thread.

        :raises AirflowApiError: for what the reader may not see, and what there is not
        """
        answer: dict[str, Any] = anyio.from_thread.run(self._get, path, query)
        return answer

    def find(self, path: str, **query: Any) -> dict[str, Any] | None:
        """The same; None for what there is not, or what the reader may not see."""
        try:
            return self.get(path, **query)
        except AirflowApiError as error:
            if error.status in (403, 404):
                return None
            raise

    def all(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every entry of a list that comes in pages."""
        offset = 0
        while True:
            answer = self.get(path, limit=PAGE, offset=offset, **query)
            yield from answer[name]
            offset += PAGE
            if offset >= answer["total_entries"]:
                return

    async def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://airflow", headers=self._headers
        ) as client:
            answer = await client.get(f"/api/v2{path}", params=query)
        if answer.is_error:
            raise AirflowApiError(answer.status_code, _detail(answer))
        body: dict[str, Any] = answer.json()
        return body


def run_path(dag_id: str, run_id: str) -> str:
    """The path of a run in Airflow's API."""
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"


def task_path(task: Mapping[str, Any]) -> str:
    """The path of a task instance in Airflow's API, but for its map index."""
    run = run_path(task["dag_id"], task["dag_run_id"])
    return f"{run}/taskInstances/{quote(task['task_id'], safe='')}"


def xcom(api: AirflowApi, task: Mapping[str, Any], key: str = "return_value") -> Any:
    """What a task instance has pushed; None if it has not, or if the reader may not see it."""
    path = f"{task_path(task)}/xcomEntries/{quote(key, safe='')}"
    answer = api.find(path, map_index=task["map_index"], deserialize=True)
    return answer["value"] if answer else None


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text
    return f"Airflow answers {answer.status_code} to {answer.request.url.path}: {str(detail)[:300]}"
