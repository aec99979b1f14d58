"""How long Airflow's DAG processor needs for each DAG file, beside an almost empty one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EMPTY = "from airflow.sdk import DAG\nwith DAG('empty', schedule=None):\n    pass\n"
PARSE = """
import sys, time
from airflow.dag_processing.dagbag import DagBag
started = time.perf_counter()
bag = DagBag(dag_folder=sys.argv[1])
assert bag.dags and not bag.import_errors, bag.import_errors
print(time.perf_counter() - started)
"""


def seconds(file: Path) -> float:
    """Parse `file` in a fresh interpreter that has imported Airflow already."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARSE, str(file)], capture_output=True, text=True, check=True
    )
    return float(run.stdout.splitlines()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        peer = seconds(empty)
    measured = {file.name: seconds(file) for file in sorted((ROOT / "dags").glob("*.py"))}
    for name, value in measured.items():
        print(f"{name:<32} {value:.2f} s")
    slowest = max(measured.values())
    result = {
        "benchmark": "parsing",
        "ours": round(slowest, 3),
        "peer": round(peer, 4),
        "peer_name": "an empty DAG",
        "ratio": round(slowest / peer, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
