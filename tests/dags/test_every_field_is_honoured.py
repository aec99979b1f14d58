"""Each field of each DAG's form has a test that sees it honoured; a new field needs one too."""

from __future__ import annotations

import ast

import pytest

from tests.dags.conftest import ROOT

FORMS, GATES, BATCH, RETRAINING = (
    f"tests/end_to_end/test_{name}.py" for name in ("forms", "gates", "batch", "retraining")
)
HONOURED = {
    "retrain_recommenders": {
        "solutions": (GATES, "test_a_worse_model_is_held_or_asked_about_and_each_answer_does_what_it_says"),
        "training_mode": (FORMS, "test_an_update_takes_new_events_into_the_last_model"),
        "import_mode": (
            FORMS,
            "test_as_of_imports_history_up_to_that_day_and_incremental_adds_the_days_since",
        ),
        "history": (RETRAINING, "test_a_first_run_exports_its_history_first_and_says_so"),
        "as_of": (FORMS, "test_as_of_imports_history_up_to_that_day_and_incremental_adds_the_days_since"),
        "promote": (FORMS, "test_promotion_is_what_was_chosen_whatever_the_gate_says"),
        "data_gate": (FORMS, "test_unusual_data_goes_on_with_warn_and_not_with_stop_whatever_the_file_says"),
        "dry_run": (GATES, "test_a_dry_run_changes_nothing_and_says_what_it_would_do"),
    },
    "export_interactions": {
        "from_date": (FORMS, "test_an_export_writes_the_days_that_were_chosen_and_no_others"),
        "to_date": (FORMS, "test_an_export_writes_the_days_that_were_chosen_and_no_others"),
    },
    "rollback_campaign": {
        "campaign": (FORMS, "test_the_chosen_campaign_goes_back_to_what_was_live_and_that_is_recorded"),
        "version": (GATES, "test_an_earlier_version_is_put_back_by_hand"),
    },
    "clean_up": {
        "dry_run": (
            FORMS,
            "test_the_clean_up_removes_unlisted_things_only_when_told_and_nothing_in_a_dry_run",
        ),
        "remove_unlisted": (
            FORMS,
            "test_the_clean_up_removes_unlisted_things_only_when_told_and_nothing_in_a_dry_run",
        ),
    },
    "batch_recommendations": {
        "batches": (
            BATCH,
            "test_users_and_items_get_rows_of_the_live_version_and_readers_never_see_half_of_them",
        ),
        "train": (BATCH, "test_segments_have_a_solution_of_their_own_that_is_trained_when_asked_for"),
        "dry_run": (BATCH, "test_a_dry_run_changes_nothing_and_says_what_it_would_do"),
    },
}


@pytest.fixture
def full_forms(dags_of):
    """Every DAG with every field that a form can have."""

    def change(groups):
        groups[0]["batch"] = {"jobs": [{"name": "own", "recipe": "aws-sims"}]}

    return dags_of(change)


def test_every_field_of_every_form_has_a_test_that_sets_it(full_forms):
    assert {name: set(dag.params) for name, dag in full_forms.items()} == {
        name: set(fields) for name, fields in HONOURED.items()
    }
    for dag, fields in HONOURED.items():
        for field, (file, test) in fields.items():
            assert field in source_of(file, test), f"{dag}.{field}: {file}::{test} does not name it"


def source_of(file: str, test: str) -> str:
    text = (ROOT / file).read_text()
    result = (
        node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == test
    )
    return ast.get_source_segment(text, next(result)) or ""
