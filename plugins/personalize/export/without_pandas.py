"""Arrow without pandas, which it would import on its first `pa.array` or `pa.scalar`.

Where pandas is installed, as it is beside Airflow, that import costs every export task half a second and 45
MB for nothing. Arrow tries it once; here that once happens while the import fails. Whatever needs pandas
later (`to_pandas`, `Table.from_pandas`) still imports it then.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa


class _Refusal(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("not needed here", name=name)


def keep_pandas_out() -> None:
    """Let Arrow find out now that it does without pandas, unless this process has it already."""
    if "pandas" in sys.modules:
        return
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        pa.scalar(0)
    finally:
        sys.meta_path.remove(refusal)
