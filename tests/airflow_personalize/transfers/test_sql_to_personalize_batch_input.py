"""The input of batch jobs, out of the product database."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.support.batch_jobs import shop, write_input  # noqa: F401


def test_nothing_to_ask_and_more_than_the_recipe_takes_are_refused(service, shop):  # noqa: F811
    with pytest.raises(AirflowFailException, match=r"nothing to ask about \(1 rows"):
        write_input("SELECT id AS user_id FROM people WHERE id IS NULL")
    with pytest.raises(AirflowFailException, match="more than 1 lines"):
        write_input(most_lines=1)
