"""Names that make a repeated request recognisable: derived from the run, not from the clock.

The service refuses a second resource of a name, which makes a name the idempotency key of `Create*`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

MAX_LENGTH = 63
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_-]+")


def job_name(
    dag_id: str, run_id: str, task_id: str, map_index: int = -1, *, repetition: int = 0, attempt: int = 1,
    subject: Sequence[str] = (),
) -> str:  # fmt: skip
    """The name of what a task of a run creates, readable and within the service's pattern.

    :param repetition: how often the task was done again after it had succeeded.
    :param attempt: 1, and one more for each earlier attempt that the service says has failed.
    :param subject: what the job is about, e.g. its dataset and data: a task that is cleared to do something else
        must not find what it did before.
    """
    mapped = f"-{map_index}" if map_index >= 0 else ""
    again = (f"-r{repetition}" if repetition else "") + (f"-a{attempt}" if attempt > 1 else "")
    digest = hashlib.sha256("\0".join((dag_id, run_id, task_id, *subject)).encode()).hexdigest()[:8]
    ending = f"-{digest}{mapped}{again}"
    readable = f"{task_id.rsplit('.', 1)[-1]}-{_when(run_id)}"
    return clean(readable)[: MAX_LENGTH - len(ending)].rstrip("-_") + ending


def clean(text: str) -> str:
    """`text` with what a name may not hold replaced by a dash; begins with a letter or digit."""
    return _NOT_ALLOWED.sub("-", text).strip("-_") or "x"


def _when(run_id: str) -> str:
    """The kind and time of a run id: scheduled__2026-03-01T03:00:00+00:00 becomes scheduled-20260301T030000."""
    kind, _, moment = run_id.partition("__")
    return f"{kind}-{re.sub(r'[-:]|[.+].*', '', moment)}" if moment else run_id
