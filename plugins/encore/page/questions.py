"""What waits for a person's answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from encore.config.models import DagName, DatasetGroup
from encore.page.airflow_api import AirflowApi, task_path
from encore.runs.turns import WAITING_FOR_ANSWER

#: The DAGs with a question: about a version, a cost or the winner of an experiment.
ASKS: tuple[DagName, ...] = ("retrain_recommenders", "batch_recommendations", "judge_experiment")


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


def open_questions(
    api: AirflowApi, group: DatasetGroup, dag_id: str | None = None, run_id: str = "~"
) -> list[Question]:
    """The questions of a group's runs that nobody has answered, the oldest first.

    Airflow knows a question before its task waits for the answer: one that came that early would never reach the task.

    :param dag_id: of one DAG only
    :param run_id: of one of its runs only
    """
    dags = [dag_id] if dag_id else [name for name in map(group.dag_id, ASKS) if name in group.dag_ids]
    questions = [question for name in dags for question in _of_dag(api, name, run_id)]
    return sorted(questions, key=lambda question: question.created_at)


def questions_by_dag(api: AirflowApi) -> Counter[str]:
    """How many questions wait, by DAG: of all DAGs that the reader may read, asked for at once."""
    return Counter(question.task["dag_id"] for question in _of_dag(api, "~", "~"))


def _of_dag(api: AirflowApi, dag_id: str, run_id: str) -> list[Question]:
    path = f"/dags/{quote(dag_id, safe='~')}/dagRuns/{quote(run_id, safe='~')}/hitlDetails"
    answer = api.find(path, response_received=False, limit=100)
    return [
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
