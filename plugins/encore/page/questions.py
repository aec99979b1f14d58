"""What waits for a person's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from encore.config.models import DatasetGroup
from encore.page.airflow_api import AirflowApi


@dataclass(frozen=True)
class Question:
    """A version about which somebody is asked.

    :param path: of the answer in Airflow's API, below its root
    """

    dag_id: str
    run_id: str
    subject: str
    options: list[str]
    created_at: datetime
    path: str


def open_questions(api: AirflowApi, group: DatasetGroup) -> list[Question]:
    """The questions of a group's retraining that nobody has answered, the oldest first."""
    dag_id = quote(group.dag_id("retrain_recommenders"), safe="")
    answer = api.find(f"/dags/{dag_id}/dagRuns/~/hitlDetails", response_received=False, limit=100)
    questions = []
    for detail in (answer or {}).get("hitl_details", ()):
        task = detail["task_instance"]
        run, name = quote(task["dag_run_id"], safe=""), quote(task["task_id"], safe="")
        questions.append(
            Question(
                task["dag_id"],
                task["dag_run_id"],
                detail["subject"],
                list(detail["options"]),
                datetime.fromisoformat(detail["created_at"]),
                f"dags/{dag_id}/dagRuns/{run}/taskInstances/{name}/{task['map_index']}/hitlDetails",
            )
        )
    return sorted(questions, key=lambda question: question.created_at)
