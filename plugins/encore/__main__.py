"""`encore`; where the package is not installed, `python -m encore`."""

from __future__ import annotations

import os


def main() -> None:
    """What a command prints is for a person, so Airflow, which reads this when it is imported, logs errors alone."""
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    from encore.commands import app

    app()


if __name__ == "__main__":
    main()
