"""What a component of Airflow has imported before it forks, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "deploy" / "airflow"
IN_A_FORK = """
import os, sys
sys.argv = ["airflow", sys.argv[1]]
import airflow_local_settings
if os.fork() == 0:
    names = ("airflow_personalize.operators.campaign", "encore.operators.gate")
    names += ("pandas", "adbc_driver_postgresql", "scipy.stats")
    there = [name for name in names if name in sys.modules]
    print(len(there), "encore.page.app" in sys.modules, flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(
    ("component", "modules"), [("scheduler", 5), ("dag-processor", 2), ("celery", 5), ("api-server", 0)]
)
def test_a_fork_of_a_component_that_forks_finds_the_operators_imported(component, modules, tmp_path):
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_A_FORK, component],
        env={
            "PATH": "/usr/bin:/bin",
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": f"{ROOT}/plugins:{SETTINGS}",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert answer.stdout.split() == [str(modules), "False"], answer.stderr[-2000:]
