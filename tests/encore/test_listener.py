"""The scheduler makes the pools that are missing, and leaves the others as people have made them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.models.pool import Pool
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

from encore import listener, pools


@pytest.fixture
def sessions(monkeypatch):
    """Sessions on a database of its own that has Airflow's table of pools."""
    engine = create_engine("sqlite://")
    Pool.__table__.create(engine)
    made = sessionmaker(engine)
    monkeypatch.setattr("airflow.settings.NonScopedSession", made)
    return made


def slots(sessions) -> dict[str, int]:
    with sessions() as session:
        return {pool.pool: pool.slots for pool in session.scalars(select(Pool))}


def test_a_starting_scheduler_makes_what_is_missing_and_changes_nothing_else(sessions):
    with sessions() as session:
        Pool.create_or_update_pool(pools.IMPORTS, 50, "raised", include_deferred=True, session=session)
        session.commit()
    listener.on_starting(SimpleNamespace(job_type="SchedulerJob"))
    assert slots(sessions)[pools.IMPORTS] == 50
    assert set(slots(sessions)) == {
        value for name, value in vars(pools).items() if name.isupper() and isinstance(value, str)
    }
    with sessions() as session:
        assert all(pool.include_deferred for pool in session.scalars(select(Pool)))
    listener.on_starting(SimpleNamespace(job_type="SchedulerJob"))


@pytest.mark.parametrize("component", [SimpleNamespace(job_type="TriggererJob"), object()])
def test_no_other_component_does(sessions, component):
    listener.on_starting(component)
    assert slots(sessions) == {}
