"""Faults that were asked for, as a client meets them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.support.localpersonalize.live import Live, code

FILE = """
seed = 3
[[fault]]
operation = "ListSchemas"
kind = "throttle"
[[fault]]
operation = "ListSolutions"
kind = "error"
[[fault]]
operation = "ListFilters"
kind = "drop"
[[fault]]
operation = "CreateDatasetGroup"
kind = "lost"
[[fault]]
operation = "ListCampaigns"
kind = "slow"
seconds = 0.5
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "faults.toml").write_text(FILE)
    live = Live(folder, "--faults", str(folder / "faults.toml")).start()
    yield live
    live.stop()


def test_each_fault_is_what_a_client_would_meet(faulty: Live) -> None:
    client = faulty.personalize
    assert code(client.list_schemas) == "ThrottlingException"
    with pytest.raises(ClientError) as unavailable:
        client.list_solutions()
    assert unavailable.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    with pytest.raises(ConnectionClosedError):
        client.list_filters()
    assert client.list_campaigns()["campaigns"] == []
    assert client.list_datasets()["datasets"] == []


def test_a_lost_answer_is_of_work_that_was_done(faulty: Live) -> None:
    with pytest.raises(ConnectionClosedError):
        faulty.personalize.create_dataset_group(name="lost")
    (result,) = faulty.personalize.list_dataset_groups()["datasetGroups"]
    assert result["name"] == "lost"
