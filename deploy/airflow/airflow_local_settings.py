"""Airflow imports this in every component before it forks tasks. It has to lie on the `PYTHONPATH`, as in the demo,
or in `$AIRFLOW_HOME/config`, where `docker-compose.yaml` puts it.
"""

from encore.preload import preload

__all__: list[str] = []  # nothing of Airflow's settings is changed

preload()
