"""Importing 5 million interactions from S3, beside `pyarrow.csv.read_csv` of the same bytes.

An import is timed as its user sees it: from CreateDatasetImportJob to ACTIVE, over HTTP, with the checks of the
role, the header, types and nulls, and the columnar files on disk at the end. read_csv has the bytes in memory and
leaves its table there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from benchmarks.live_service import BUCKET, LiveService

ROWS = 5_000_000
USERS, ITEMS = 200_000, 50_000
REPEATS = 5
SAMPLE_SECONDS = 0.01


def interactions(rows: int, seed: int = 1) -> pa.Table:
    """USER_ID, ITEM_ID, EVENT_TYPE, TIMESTAMP; items as popular as in a shop."""
    random = np.random.default_rng(seed)
    kinds = pa.DictionaryArray.from_arrays(
        pa.array(random.integers(0, 3, rows), pa.int32()), pa.array(["view", "click", "purchase"])
    )
    columns = {
        "USER_ID": pa.array(random.integers(1, USERS, rows)).cast(pa.string()),
        "ITEM_ID": pa.array(random.zipf(1.3, rows) % ITEMS).cast(pa.string()),
        "EVENT_TYPE": kinds.cast(pa.string()),
        "TIMESTAMP": pa.array(1_700_000_000 + random.integers(0, 86_400 * 60, rows)),
    }
    return pa.table(columns)


class PeakMemory:
    """Largest resident size, in bytes, of any process below one process while the block runs."""

    def __init__(self, parent: int) -> None:
        self.parent, self.peaks = parent, dict[str, int]()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for pid in [self.parent, *_children(self.parent)]:
                try:
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    name = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                except OSError:
                    continue
                role = next((part for part in name if part.startswith("localpersonalize")), name[0])
                for line in lines:
                    if line.startswith("VmRSS"):
                        size = int(line.split()[1]) * 1024
                        self.peaks[role] = max(self.peaks.get(role, 0), size)


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        return [int(child) for path in lists for child in path.read_text().split()]
    except OSError:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not used: the rows are generated")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "interactions.csv"
        pacsv.write_csv(interactions(options.rows), file, pacsv.WriteOptions(quoting_header="none"))
        size = file.stat().st_size
        service = LiveService(folder)
        service.start()
        try:
            ours, peer, memory = measure(service, file)
        finally:
            service.stop()
    for label, seconds in (("import", ours), ("read_csv", peer)):
        speed = f"{options.rows / seconds / 1e6:6.2f} M rows/s {size / seconds / 1e6:6.0f} MB/s"
        print(f"{label:<10} {seconds:6.2f} s {speed}")
    for role, peak in memory.items():
        print(f"peak of {role}: {peak / 1e6:.0f} MB")
    result = {
        "benchmark": "import",
        "ours": round(options.rows / ours),
        "peer": round(options.rows / peer),
        "peer_name": "pyarrow.csv.read_csv",
        "ratio": round(peer / ours, 2),
        "unit": "rows/s",
        "megabytes": {role: round(peak / 1e6) for role, peak in memory.items()},
        "cores": os.cpu_count(),
    }
    print(json.dumps(result))


def measure(service: LiveService, file: Path) -> tuple[float, float, dict[str, int]]:
    """Seconds of an import and of read_csv (medians of alternating runs), and peaks of memory by process."""
    role = service.prepare_account()
    _, dataset = service.dataset_group("import")
    content = file.read_bytes()
    service.client("s3").upload_file(str(file), BUCKET, "interactions.csv")
    personalize = service.client("personalize")
    ours, peer = [], []
    assert service.process is not None
    with PeakMemory(service.process.pid) as memory:
        for number in range(REPEATS):
            time.sleep(2)  # as between two imports of a run
            started = time.perf_counter()
            job = personalize.create_dataset_import_job(
                jobName=f"import-{number}",
                datasetArn=dataset,
                roleArn=role,
                importMode="FULL",
                dataSource={"dataLocation": f"s3://{BUCKET}/interactions.csv"},
            )["datasetImportJobArn"]
            service.wait_for_import(job)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            pacsv.read_csv(pa.BufferReader(content))
            peer.append(time.perf_counter() - started)
            print(f"run {number + 1}: import {ours[-1]:.2f} s, read_csv {peer[-1]:.2f} s")
    return statistics.median(ours), statistics.median(peer), memory.peaks


if __name__ == "__main__":
    main()
