"""Pipeline files to load, and their problems."""

from __future__ import annotations

import pytest

from encore.config import PipelineError, load_pipeline

MINIMAL = """\
dataset_groups:
  - name: shop
    role: Role
    bucket: shop
    datasets:
      interactions: {schema: schemas/interactions.json, sql: sql/interactions.sql}
    solutions:
      - name: popular
        recipe: aws-popularity-count
      - name: related
        recipe: aws-sims
"""


@pytest.fixture
def problems(tmp_path):
    """The lines of the error that a changed minimal file leads to, without the file's name."""

    def changed(old: str, new: str) -> list[str]:
        assert old in MINIMAL
        file = tmp_path / "pipeline.yaml"
        file.write_text(MINIMAL.replace(old, new))
        with pytest.raises(PipelineError) as caught:
            load_pipeline(file)
        return [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()]

    return changed
