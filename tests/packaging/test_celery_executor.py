"""The locked Celery and its provider fit each other: the executor of `docker-compose.yaml` can be made."""

from __future__ import annotations


def test_the_celery_executor_is_imported_and_made():
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor

    assert CeleryExecutor(parallelism=1).slots_available == 1
