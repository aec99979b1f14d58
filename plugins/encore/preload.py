"""Imports what tasks and DAG files need once, in the processes that Airflow forks them from.

A task's process is a fork of the process that starts it (LocalExecutor: the scheduler; Celery: the worker), and the
DAG processor forks one process for each file that it parses. What the parent has imported, a fork has for nothing;
what it has not, every fork imports anew: 2 to 4 seconds on two slow cores, most of what a task costs. Airflow imports
`airflow_local_settings` in every component before it forks anything, so `deploy/airflow/airflow_local_settings.py`
calls `preload` there.

The Kubernetes executor starts a process of its own for each task and forks nothing: there the image should hold
compiled bytecode (`uv pip install --compile-bytecode`, as `make` does; pip compiles by itself).
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence

log = logging.getLogger(__name__)

#: The components of Airflow that fork, by their command.
FORKING_COMMANDS = ("scheduler", "dag-processor", "celery", "standalone")
PACKAGES = ("airflow_personalize", "encore")
#: Parts that no task and no DAG file imports.
LEFT_OUT = ("airflow_personalize.example_dags", "encore.page")
LIBRARIES = (
    "airflow.dag_processing.processor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.decorators.branch_python",
    "airflow.providers.standard.operators.empty",
    "airflow.providers.standard.operators.hitl",
    "boto3",
    "jinja2.ext",
    "pyarrow.compute",
    "pyarrow.parquet",
)
#: The services that tasks ask: IAM for the ARN of a role.
SERVICES = ("personalize", "personalize-runtime", "s3", "iam")
#: What tasks import beside it when they come to it, where it is installed: a driver is used if it is there, and pandas
#: is what pyarrow imports by itself at the first list that it makes an array of.
OF_TASKS = (
    "adbc_driver_postgresql.dbapi",
    "pandas",
    "pyarrow.dataset",
    "scipy.sparse",
    "scipy.stats",
    "sqlglot.dialects",
)


def preload(command: Sequence[str] | None = None) -> list[str]:
    """Import everything, if this process is one that forks; the names of the modules that could be imported.

    A module that can't be imported is logged and left to the task that needs it: its error belongs there.

    :param command: the command line of the process; default: its own.
    """
    arguments = sys.argv if command is None else command
    if len(arguments) < 2 or arguments[1] not in FORKING_COMMANDS:
        return []
    of_tasks = () if arguments[1] == "dag-processor" else OF_TASKS
    libraries = [*LIBRARIES, *(name for name in of_tasks if importlib.util.find_spec(name.split(".")[0]))]
    imported = [name for name in (*libraries, *_modules()) if _succeeds(name, importlib.import_module, name)]
    _succeeds("what addresses of assets need", _make_asset)
    _succeeds("what channels of the pipeline file need", _make_notifiers)
    if arguments[1] != "dag-processor":
        _succeeds("what clients of AWS are made of", _read_service_descriptions)
    gc.collect()
    gc.freeze()  # so that collections in a fork do not touch, and by that copy, the pages that it shares
    return imported


def _modules() -> Iterator[str]:
    """Every module of our packages, but for the parts left out."""
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}.", onerror=lambda _: None):
            if not module.name.startswith(LEFT_OUT) and not module.name.endswith("__main__"):
                yield module.name


def _make_asset() -> None:
    """Make the first asset: for its address Airflow imports what every installed provider knows of addresses."""
    from airflow.sdk import Asset

    Asset("s3://bucket/key")


def _make_notifiers() -> None:
    """Make the notifier of each channel once: its provider is only imported where the pipeline file names it.

    A file that can't be used is left to the DAG files, which show what is wrong with it.
    """
    from encore import notifications
    from encore.config import loader

    try:  # past the cache: a fork that had it would not see what has become of the queries and schemas since
        pipeline = loader.read_pipeline(loader.pipeline_file(), loader.include_folder())
    except loader.PipelineError:
        return
    for group in pipeline.dataset_groups:
        for channel in group.notify:
            notifications.notifier(channel, "", "")


def _read_service_descriptions() -> None:
    from airflow_personalize.service_descriptions import read

    read(SERVICES)


def _succeeds(name: str, first_use: Callable[..., object], *arguments: object) -> bool:
    try:
        first_use(*arguments)
    except Exception:
        log.warning("%s can't be imported before the tasks that need it", name, exc_info=True)
        return False
    return True
