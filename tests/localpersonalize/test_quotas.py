"""Quotas, and files that change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize import quotas


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[total]\nCampagne = 3", "has no Campagne"),
        ("[total]\nCampaign = -3", "Campaign is -3"),
        ("[total]\nCampaign = true", "Campaign is True"),
        ("[most]\nCampaign = 3", "most is no table"),
        ("[total", "quotas.toml"),
    ],
)
def test_quotas_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / quotas.FILE
    file.write_text(text)
    with pytest.raises(quotas.QuotasError, match=says):
        quotas.load(file)


def test_quotas_of_a_file_go_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / quotas.FILE
    file.write_text("[pending]\nSolutionVersion = 2")
    result = quotas.load(file)
    assert (result.pending["SolutionVersion"], result.pending["DatasetImportJob"]) == (2, 5)
    assert quotas.load(tmp_path / "none.toml") == quotas.Quotas()
