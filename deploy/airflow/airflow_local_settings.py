"""Airflow imports this in every component before it forks tasks. It has to lie on the `PYTHONPATH`, as in the demo,
or in `$AIRFLOW_HOME/config`; `docker-compose.yaml` does not put it there yet.
"""

from encore.preload import preload

__all__: list[str] = []  # nothing of Airflow's settings is changed

preload()
