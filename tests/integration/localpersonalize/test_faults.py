"""Faults that were asked for, as a client meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from localpersonalize.fault_injection import Fault, Faults, FaultsError, load
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
    (found,) = faulty.personalize.list_dataset_groups()["datasetGroups"]
    assert found["name"] == "lost"


def test_faults_are_the_same_for_the_same_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults([Fault(kind="error", operation="List*", rate=0.5)], seed)
        return [faults.of_request("ListSchemas") is not None for _ in range(50)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 5 < sum(hits(1)) < 45


def test_jobs_fail_with_the_reason_given() -> None:
    faults = Faults([Fault(kind="job", operation="CreateSolutionVersion", reason="No luck.")])
    assert faults.of_job("train") == "No luck."
    assert faults.of_job("import") is None
    assert faults.of_request("CreateSolutionVersion") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[fault]]\nkind = 'loud'", "fault.0.kind"),
        ("[[fault]]\nkind = 'drop'\nrate = 2", "fault.0.rate"),
        ("[[fault]]\nkind = 'drop'\nrates = 1", "fault.0.rates"),
        ("[[fault", "faults.toml"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(FaultsError, match=says):
        load(file)
