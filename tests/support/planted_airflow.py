"""As much of Airflow's REST API as the page asks, over what a test plants; the page is mounted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from encore_plugin import PREFIX, PageApp
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

SIGNED_IN = {"_token": "of-the-reader"}


@dataclass
class PlantedAirflow:
    """What Airflow knows. `xcoms` and `logs` are by task id, map index and key or try.

    :param refused: by DAG, or run to answer, that the reader has no right to, the status that is answered
    :param answers: questions that were answered, each with what was chosen
    """

    dags: set[str]
    runs: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    xcoms: dict[tuple[str, int, str], Any] = field(default_factory=dict)
    logs: dict[tuple[str, int, int], list[Any]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    answers: list[tuple[str, list[str]]] = field(default_factory=list)

    def page(self, cookies: Mapping[str, str] = SIGNED_IN) -> TestClient:
        """A reader's browser."""
        return TestClient(self.app(), cookies=dict(cookies), raise_server_exceptions=False)

    def add_run(self, run_id: str, state: str = "success", **fields: Any) -> dict[str, Any]:
        run = {
            "dag_id": "retrain_recommenders",
            "dag_run_id": run_id,
            "state": state,
            "run_type": "scheduled",
            "run_after": "2026-02-28T03:00:00Z",
            "start_date": "2026-02-28T03:00:05Z",
            "end_date": "2026-02-28T03:12:35Z" if state in ("success", "failed") else None,
            "conf": {},
            "note": None,
            **fields,
        }
        self.runs.append(run)
        return run

    def add_task(
        self, run: Mapping[str, Any], task_id: str, state: str = "success", **fields: Any
    ) -> dict[str, Any]:
        task = {
            "dag_id": run["dag_id"],
            "dag_run_id": run["dag_run_id"],
            "task_id": task_id,
            "task_display_name": task_id,
            "map_index": -1,
            "rendered_map_index": None,
            "state": state,
            "operator": None,
            "operator_name": None,
            "try_number": 1,
            "start_date": "2026-02-28T03:00:10Z",
            "end_date": "2026-02-28T03:01:10Z",
            "duration": 60.0,
            **fields,
        }
        self.tasks.append(task)
        return task

    def app(self) -> FastAPI:
        """Airflow, with the page in it."""
        app = FastAPI()
        app.mount(PREFIX, PageApp())
        api = FastAPI()
        app.mount("/api/v2", api)

        @api.middleware("http")
        async def sign_in(request: Request, call_next: Any) -> Any:
            if request.cookies.get("_token") != "of-the-reader":
                from fastapi.responses import JSONResponse

                return JSONResponse({"detail": "Not authenticated"}, 401)
            return await call_next(request)

        @api.get("/dags")
        def dags(dag_id_pattern: str, exclude_stale: bool, limit: int, offset: int) -> Any:
            listed = sorted(dag for dag in self.dags - self.refused.keys() if dag_id_pattern in dag)
            page = [{"dag_id": dag} for dag in listed[offset : offset + limit]]
            return {"dags": page, "total_entries": len(listed)}

        @api.get("/dags/{dag_id}")
        def dag(dag_id: str) -> Any:
            return {"dag_id": self._known(dag_id), "is_paused": False}

        @api.get("/dags/{dag_id}/dagRuns")
        def runs(dag_id: str, limit: int = 100, order_by: str = "") -> Any:
            own = [run for run in self.runs if run["dag_id"] == self._known(dag_id)]
            own.sort(key=lambda run: run["run_after"], reverse=order_by == "-run_after")
            return {"dag_runs": own[:limit], "total_entries": len(own)}

        @api.get("/dags/{dag_id}/dagRuns/{run_id}/hitlDetails")
        def hitl(dag_id: str, run_id: str, response_received: bool) -> Any:
            assert not response_received
            readable = self.dags - self.refused.keys() if dag_id == "~" else {self._known(dag_id)}
            of_dag = [q for q in self.questions if q["task_instance"]["dag_id"] in readable]
            own = [q for q in of_dag if run_id in ("~", q["task_instance"]["dag_run_id"])]
            return {"hitl_details": own, "total_entries": len(own)}

        @api.patch("/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/hitlDetails")
        def answer(dag_id: str, run_id: str, task_id: str, map_index: int, body: dict[str, Any]) -> Any:
            tasks = [q["task_instance"] for q in self.questions]
            task = {"dag_run_id": run_id, "task_id": task_id, "map_index": map_index}
            number = next(n for n, entry in enumerate(tasks) if task.items() <= entry.items())
            if run_id in self.refused:
                raise HTTPException(self.refused[run_id], "Forbidden")
            self.answers.append((self.questions.pop(number)["subject"], body["chosen_options"]))
            return {"responded": True}

        @api.patch("/dags/{dag_id}")
        def unpause(dag_id: str, update_mask: str, body: dict[str, Any]) -> Any:
            assert (update_mask, body) == ("is_paused", {"is_paused": False})
            return dag(dag_id)

        @api.post("/dags/{dag_id}/dagRuns")
        def trigger(dag_id: str, body: dict[str, Any]) -> Any:
            return self.add_run("manual__1", "running", dag_id=self._known(dag_id), conf=body["conf"])

        @api.get("/dags/{dag_id}/dagRuns/{run_id}")
        def run(dag_id: str, run_id: str) -> Any:
            return self._run(dag_id, run_id)

        @api.get("/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        def tasks(dag_id: str, run_id: str, state: str = "", limit: int = 50, offset: int = 0) -> Any:
            self._run(dag_id, run_id)
            own = [
                task
                for task in self.tasks
                if task["dag_run_id"] == run_id and task["dag_id"] == dag_id and state in ("", task["state"])
            ]
            return {"task_instances": own[offset : offset + limit], "total_entries": len(own)}

        @api.get("/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}")
        def xcom(dag_id: str, run_id: str, task_id: str, key: str, map_index: int, deserialize: bool) -> Any:
            assert deserialize
            return {"value": self._find(self.xcoms, (task_id, map_index, key))}

        @api.get("/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}")
        def log(dag_id: str, run_id: str, task_id: str, attempt: int, map_index: int) -> Any:
            return {"content": self._find(self.logs, (task_id, map_index, attempt))}

        return app

    def _known(self, dag_id: str) -> str:
        if dag_id in self.refused:
            raise HTTPException(self.refused[dag_id], "Forbidden")
        if dag_id not in self.dags:
            raise HTTPException(404, f"The Dag with ID: `{dag_id}` was not found")
        return dag_id

    def _run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        runs = [run for run in self.runs if (run["dag_id"], run["dag_run_id"]) == (dag_id, run_id)]
        if not runs:
            raise HTTPException(
                404, f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}` was not found"
            )
        return runs[0]

    @staticmethod
    def _find(planted: Mapping[Any, Any], key: Any) -> Any:
        if key not in planted:
            raise HTTPException(404, f"{key} not found")
        return planted[key]
