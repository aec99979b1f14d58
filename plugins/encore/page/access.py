"""Who may see what: whoever may read a group's DAGs may read its pages, and Airflow is asked for each request."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request

from encore.config import DatasetGroup, load_pipeline
from encore.config.models import DagName
from encore.page.airflow_api import APP, AirflowApi

#: Its DAG stands for the group: who may read it may read the group's pages.
RETRAINING: DagName = "retrain_recommenders"


def airflow_api(request: Request) -> AirflowApi:
    """Airflow, as the reader of the page may see it."""
    return AirflowApi(request.scope[APP], request.headers)


Api = Annotated[AirflowApi, Depends(airflow_api)]


def readable_group(name: str, api: Api) -> DatasetGroup:
    """The dataset group of a path, if the reader may read its retraining DAG.

    :raises HTTPException: 404 else
    """
    for group in load_pipeline().dataset_groups:
        if group.name == name and is_readable(api, group):
            return group
    raise HTTPException(404, f"There is no dataset group {name} that you may read.")


Group = Annotated[DatasetGroup, Depends(readable_group)]


def readable_groups(api: AirflowApi) -> list[DatasetGroup]:
    """The groups whose retraining DAG the reader may read: listed in one list, as a file may have hundreds."""
    listed = api.all("/dags", "dags", dag_id_pattern=RETRAINING, exclude_stale=False)
    readable = {dag["dag_id"] for dag in listed}
    return [group for group in load_pipeline().dataset_groups if group.dag_id(RETRAINING) in readable]


def is_readable(api: AirflowApi, group: DatasetGroup) -> bool:
    """Whether the reader may read the group's retraining DAG."""
    return api.find(f"/dags/{quote(group.dag_id(RETRAINING), safe='')}") is not None
