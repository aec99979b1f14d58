"""The pools file is one that Airflow can import, and counts waiting tasks."""

from __future__ import annotations

import json

from encore import pools


def test_each_pool_counts_deferred_tasks_and_says_what_for():
    file = json.loads(pools.FILE.read_text())
    constants = {value for name, value in vars(pools).items() if name.isupper() and isinstance(value, str)}
    assert set(file) == constants
    for pool in file.values():
        assert pool["include_deferred"] is True
        assert pool["slots"] >= 1
        assert "pending or in progress" in pool["description"]
