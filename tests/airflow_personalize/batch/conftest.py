"""What the tests of batch jobs share: the PostgreSQL that the export's tests have as well."""

from tests.support.postgres import postgres, run_sql

__all__ = ["postgres", "run_sql"]
