"""When a schedule starts a run: at its ticks, and not because somebody has unpaused the DAG.

Airflow's cron timetables start the last missed tick of a DAG as soon as it is unpaused, which its *Trigger* form does
by itself: who asked for a dry run of a clean-up would get a real one beside it.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk.timezone import coerce_datetime, utcnow
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable

# A DAG that has never run by its schedule: as long as a scheduler may take for the tick itself.
FIRST_RUN_WITHIN = timedelta(minutes=1)
# One that has: a tick that was missed in a restart, or while the run before it went on, is made up for.
LATE_RUN_WITHIN = timedelta(hours=1)


class NextTickTimetable(CronTriggerTimetable):
    """`CronTriggerTimetable` whose first run after an unpause is the next tick.

    A tick that was missed less than `LATE_RUN_WITHIN` ago is still run, so that a restart of the scheduler skips no
    run; an older one is not.
    """

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        info = super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
        if info is None or restriction.catchup:
            return info
        now = coerce_datetime(utcnow())
        limit = LATE_RUN_WITHIN if last_automated_data_interval else FIRST_RUN_WITHIN
        if now - info.run_after <= limit:
            return info
        tick = self._align_to_next(now)
        if restriction.latest is not None and restriction.latest < tick:
            return None
        return DagRunInfo.interval(coerce_datetime(tick - self._interval), tick)
