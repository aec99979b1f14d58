"""What waits for a person's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from encore.config.models import DatasetGroup
from encore.page.airflow_api import AirflowApi, task_path
from encore.runs.turns import WAITING_FOR_ANSWER


@dataclass(frozen=True)
class Question:
    """A version, or a run's cost, about which somebody is asked.

    :param options: what can be answered, the first one means yes
    :param task: the task instance that waits, as Airflow's API describes it
    :param path: of the answer in Airflow's API, below its root
    """

    subject: str
    options: list[str]
    created_at: datetime
    task: Mapping[str, Any]
    path: str


def open_questions(api: AirflowApi, group: DatasetGroup, run_id: str = "~") -> list[Question]:
    """The questions of a group's retraining that nobody has answered, the oldest first.

    Airflow knows a question before its task waits for the answer: one that came that early would never reach the task.

    :param run_id: of one run only
    """
    dag_id = quote(group.dag_id("retrain_recommenders"), safe="")
    path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='~')}/hitlDetails"
    answer = api.find(path, response_received=False, limit=100)
    questions = [
        Question(
            detail["subject"],
            list(detail["options"]),
            datetime.fromisoformat(detail["created_at"]),
            task := detail["task_instance"],
            f"{task_path(task)}/{task['map_index']}/hitlDetails",
        )
        for detail in (answer or {}).get("hitl_details", ())
        if detail["task_instance"]["state"] == WAITING_FOR_ANSWER
    ]
    return sorted(questions, key=lambda question: question.created_at)
