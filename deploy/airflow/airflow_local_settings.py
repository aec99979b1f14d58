"""Airflow imports this in every component before it forks tasks: on the `PYTHONPATH` of the demo, in the images'
`/opt/airflow/config`, and wherever else Airflow looks for its local settings.
"""

from encore.preload import preload

__all__: list[str] = []  # nothing of Airflow's settings is changed

preload()
