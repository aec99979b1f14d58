"""Settings that must be in place before anything imports Airflow: no test touches the user's own Airflow."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from pathlib import Path

import botocore.session

AIRFLOW_HOME = tempfile.mkdtemp(prefix="encore-airflow-")
for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "AWS_"))]:
    del os.environ[name]
# What trainings compile is compiled once for all test processes.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(
    Path(__file__).resolve().parents[1] / ".pytest_cache" / "compiled"
)
# The description of a service is read once a process, not once for each of some thousand clients.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
os.environ.update(
    AIRFLOW_HOME=AIRFLOW_HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__PLUGINS_FOLDER=str(Path(__file__).resolve().parents[1] / "plugins"),
    AIRFLOW__CORE__UNIT_TEST_MODE="True",
    AWS_EC2_METADATA_DISABLED="true",
)


def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: tests wait for services and for each other's trainings. At most four."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_unconfigure() -> None:
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)
