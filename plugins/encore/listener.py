"""Makes the pools of `pools.json` when Airflow starts: a task whose pool Airflow does not know would never begin.

Pools that are there are left as they are: their sizes are those of the account, and for its people to change.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from encore import pools

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: Any) -> None:
    """Called when a scheduler, a DAG processor or a triggerer starts, and in each task, which has no database."""
    if (
        type(component).__module__ != "airflow.jobs.job"
    ):  # not imported: it would bring the database's classes
        return
    from airflow.settings import NonScopedSession
    from sqlalchemy.exc import IntegrityError

    assert NonScopedSession is not None  # Airflow has made it before it starts a component
    with NonScopedSession() as session:
        try:
            make_missing(session)
            session.commit()
        except IntegrityError:
            log.info("Another component has made the pools")


def make_missing(session: Session) -> list[str]:
    """Make the pools that there are not; returns their names."""
    from airflow.models.pool import Pool
    from sqlalchemy import select

    present = set(session.scalars(select(Pool.pool)))
    missing = {
        name: settings for name, settings in json.loads(pools.FILE.read_text()).items() if name not in present
    }
    for name, settings in missing.items():
        Pool.create_or_update_pool(name, **settings, session=session)
        log.info("Made the pool %s with %d slots", name, settings["slots"])
    return list(missing)
