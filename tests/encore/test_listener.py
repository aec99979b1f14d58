"""Airflow's components make the pools that are missing, and leave the others as people have made them."""

from __future__ import annotations

import pytest
from airflow.jobs.job import Job
from airflow.models.pool import Pool
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

from encore import listener, pools


@pytest.fixture
def sessions(monkeypatch):
    """Sessions on a database of its own that has Airflow's table of pools."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Pool.__table__.create(engine)
    made = sessionmaker(engine)
    monkeypatch.setattr("airflow.settings.NonScopedSession", made)
    return made


@pytest.fixture
def start(monkeypatch):
    """Start a component as Airflow does, which calls listeners before the component knows its own kind."""

    class Manager:
        class hook:  # as pluggy calls it
            on_starting = staticmethod(listener.on_starting)

    monkeypatch.setattr("airflow.jobs.job.get_listener_manager", lambda: Manager)
    return Job


def slots(sessions) -> dict[str, int]:
    with sessions() as session:
        return {pool.pool: pool.slots for pool in session.scalars(select(Pool))}


def test_a_starting_component_makes_what_is_missing_and_changes_nothing_else(sessions, start):
    with sessions() as session:
        Pool.create_or_update_pool(pools.IMPORTS, 50, "raised", include_deferred=True, session=session)
        session.commit()
    start()
    assert slots(sessions)[pools.IMPORTS] == 50
    assert set(slots(sessions)) == {
        value for name, value in vars(pools).items() if name.isupper() and isinstance(value, str)
    }
    with sessions() as session:
        assert all(pool.include_deferred for pool in session.scalars(select(Pool)))
    start()


def test_a_component_that_starts_beside_another_is_not_disturbed(sessions, start, monkeypatch, caplog):
    make = listener.make_missing

    def make_twice(session):
        with sessions() as other:
            make(other)
            session.add(Pool(pool=pools.IMPORTS, slots=5, include_deferred=True))
            other.commit()

    monkeypatch.setattr(listener, "make_missing", make_twice)
    start()
    assert pools.TRAININGS in slots(sessions)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_no_task_does(sessions):
    listener.on_starting(object())
    assert slots(sessions) == {}
