"""Every source file has its test file at the mirrored path, or is in the table below with the test that shows it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.packages import ROOT

MIRRORED = {
    "localpersonalize": "tests/localpersonalize",
    "plugins/airflow_personalize": "tests/airflow_personalize",
    "plugins/encore": "tests/encore",
    "demo": "tests/demo",
}

# Sources without a test file of their own name -> the tests that show what they do. Where several lines match, the
# first counts.
SHOWN_BY = {
    # localpersonalize: what answers over HTTP is tested over HTTP, on a live process
    "localpersonalize/aws/s3/*": "tests/localpersonalize/aws/s3/test_object_operations.py",
    "localpersonalize/aws/moto_server.py": "tests/integration/localpersonalize/test_isolation.py",
    "localpersonalize/datasets/csv_chunks.py": "tests/localpersonalize/datasets/test_csv_files.py",
    "localpersonalize/datasets/csv_dialect.py": "tests/integration/test_data_rules_agree.py",
    "localpersonalize/datasets/column_checks.py": "tests/localpersonalize/datasets/test_imports.py",
    "localpersonalize/datasets/domain_schemas.py": "tests/localpersonalize/datasets/test_schemas.py",
    "localpersonalize/datasets/*": "tests/integration/localpersonalize/test_data_jobs.py",
    "localpersonalize/http/*": "tests/integration/localpersonalize/test_operations.py",
    "localpersonalize/page/*": "tests/integration/localpersonalize/test_page.py",
    "localpersonalize/protocol/*": "tests/localpersonalize/protocol/test_operations.py",
    "localpersonalize/recipes/base/*": "tests/localpersonalize/training/test_train.py",
    "localpersonalize/recipes/describe.py": "tests/localpersonalize/recipes/test_registry.py",
    "localpersonalize/recipes/knn/*": "tests/localpersonalize/recipes/knn/test_sims.py",
    "localpersonalize/sdk/process.py": "tests/localpersonalize/testing/test_container.py",
    "localpersonalize/sdk/dataset_groups.py": "tests/localpersonalize/testing/test_pytest_plugin.py",
    "localpersonalize/sdk/*": "tests/integration/localpersonalize/test_initialisation.py",
    "localpersonalize/state/*": "tests/integration/localpersonalize/test_state.py",
    "localpersonalize/recipes/text/embedding.py": (
        "tests/localpersonalize/recipes/text/test_semantic_similarity.py"
    ),
    "localpersonalize/resources/*": "tests/integration/localpersonalize/test_operations.py",
    "localpersonalize/runtime/filters/*": "tests/localpersonalize/runtime/filters/test_parser.py",
    "localpersonalize/runtime/*": "tests/localpersonalize/runtime/test_engine.py",
    # the provider: nouns of one kind behave alike and are tested in one table
    "plugins/airflow_personalize/example_dags/*": "tests/airflow_personalize/test_example_dags.py",
    "plugins/airflow_personalize/export/*": "tests/airflow_personalize/export/test_postgres_export.py",
    "plugins/airflow_personalize/operators/*job*": "tests/airflow_personalize/operators/test_job_base.py",
    "plugins/airflow_personalize/operators/*": "tests/end_to_end/test_blocks.py",
    "plugins/airflow_personalize/sensors/*": "tests/airflow_personalize/sensors/test_base.py",
    "plugins/airflow_personalize/transfers/*": (
        "tests/airflow_personalize/transfers/test_sql_to_personalize_dataset.py"
    ),
    "plugins/airflow_personalize/*": "tests/airflow_personalize/test_aws_settings.py",
    # the application: steps of one run are tested as they follow each other
    "plugins/encore/config/batch.py": "tests/encore/config/test_validation_batch.py",
    "plugins/encore/config/*": "tests/encore/config/test_every_setting_is_honoured.py",
    "plugins/encore/deployment/surroundings.py": "tests/encore/operators/test_preflight.py",
    "plugins/encore/deployment/inventory.py": "tests/encore/deployment/test_adopt.py",
    "plugins/encore/deployment/plan.py": "tests/encore/deployment/test_adopt.py",
    "plugins/encore/deployment/*": "tests/encore/deployment/test_doctor.py",
    "plugins/encore/__main__.py": "tests/encore/deployment/test_iam.py",
    "plugins/encore/commands.py": "tests/encore/deployment/test_iam.py",
    "plugins/encore/gates/budget.py": "tests/encore/operators/test_budget.py",
    "plugins/encore/deployment/apply.py": "tests/encore/deployment/test_iam.py",
    "plugins/encore/operators/*": "tests/end_to_end/test_gates.py",
    "plugins/encore/online/*": "tests/integration/localpersonalize/test_attribution.py",
    "plugins/encore/page/*": "tests/encore/page/test_app.py",
    "plugins/encore/report/*": "tests/encore/report/test_page.py",
    "plugins/encore/runs/*": "tests/end_to_end/test_gates.py",
    "plugins/encore/*": "tests/dags/test_retrain_recommenders.py",
    # the demonstration is run whole
    "demo/*": "tests/end_to_end/test_retraining.py",
}


def _sources() -> list[Path]:
    """Without `__init__.py`, which a package's own tests import."""
    files = (file for folder in MIRRORED for file in sorted((ROOT / folder).rglob("*.py")))
    return [file.relative_to(ROOT) for file in files if file.name != "__init__.py"]


def _mirror(source: Path) -> Path:
    """`plugins/encore/runs/plan.py` -> `tests/encore/runs/test_plan.py`."""
    folder = next(folder for folder in MIRRORED if source.is_relative_to(folder))
    inside = source.relative_to(folder)
    return Path(MIRRORED[folder]) / inside.with_name(f"test_{inside.stem.strip('_')}.py")


def _unmirrored() -> list[Path]:
    return [source for source in _sources() if not (ROOT / _mirror(source)).exists()]


@pytest.mark.parametrize("source", _unmirrored(), ids=str)
def test_a_source_without_a_test_file_of_its_name_is_in_the_table(source: Path):
    shown_by = next((test for pattern, test in SHOWN_BY.items() if fnmatch(str(source), pattern)), None)
    assert shown_by, f"{source} has no {_mirror(source)}; write it, or say in SHOWN_BY which test shows it"
    assert (ROOT / shown_by).exists(), f"{source}: {shown_by} is gone"


def test_every_line_of_the_table_is_needed():
    unmirrored = [str(source) for source in _unmirrored()]
    assert [
        pattern for pattern in SHOWN_BY if not any(fnmatch(source, pattern) for source in unmirrored)
    ] == []
