"""Which requests and jobs meet a fault, and files that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.fault_injection import Fault, Faults, FaultsError, load


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
