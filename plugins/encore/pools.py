"""The service's quotas of pending jobs, as Airflow pools.

`pools.json` beside this file is in the format of `airflow pools import`. The pools count deferred tasks, which is how
these tasks wait. A task in a pool that Airflow doesn't know never starts, so operators name no pool by themselves; the
DAGs do, and `encore.listener` makes those that are missing when a scheduler starts.
"""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_suffix(".json")

IMPORTS = "personalize_imports"
TRAININGS = "personalize_trainings"
BATCH_INFERENCE = "personalize_batch_inference"
BATCH_SEGMENTS = "personalize_batch_segments"
EXPORTS = "personalize_exports"
