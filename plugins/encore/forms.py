"""The forms of the DAGs: what a person may choose who triggers one."""

from __future__ import annotations

from airflow.sdk import Param

from encore.config.models import DatasetGroup


def retraining(group: DatasetGroup) -> dict[str, Param]:
    """The form of `retrain_recommenders`."""
    names = [solution.name for solution in group.solutions]
    return {
        "solutions": Param(
            names,
            type="array",
            items={"type": "string", "enum": names},
            examples=names,
            minItems=1,
            uniqueItems=True,
            title="Solutions",
            description_md="Which solutions to train, measure and promote.",
        ),
        "training_mode": Param(
            "FULL",
            type="string",
            enum=["FULL", "UPDATE"],
            title="Training",
            description_md="`FULL` trains a new model. `UPDATE` takes new items and events into the last one;"
            " only `aws-user-personalization` and `aws-hrnn-coldstart` can.",
        ),
        "import_mode": Param(
            "FULL",
            type="string",
            enum=["FULL", "INCREMENTAL"],
            title="Import",
            description_md="`FULL` replaces what was imported before. `INCREMENTAL` adds the days of interactions"
            " that were exported since.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description_md="Train on interactions up to this day (included). Empty: all there are."
            " The service then has no newer ones until the next run.",
        ),
        "promote": Param(
            "gate",
            type="string",
            enum=["gate", "ask", "hold", "promote"],
            title="Promotion",
            description_md="`gate`: as the pipeline file says. `ask`: a person decides, whatever the gate says."
            " `hold`: nothing goes live. `promote`: everything goes live, whatever the gate says.",
        ),
        "data_gate": Param(
            "file",
            type="string",
            enum=["file", "stop", "warn"],
            title="Unusual data",
            description_md="`file`: as the pipeline file says. `stop`: import nothing. `warn`: go on all the same.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Change nothing: only say what would be imported, trained and promoted, and what it costs.",
        ),
    }


def batch(group: DatasetGroup) -> dict[str, Param]:
    """The form of `batch_recommendations`."""
    names = [job.name for job in group.batch_jobs]
    training = {
        "train": Param(
            True,
            type="boolean",
            title="Train first",
            description_md="Jobs with a `recipe` of their own train their solution before. Without: its newest version"
            " answers. Jobs that name a `solution` never train.",
        ),
    }
    return {
        "batches": Param(
            names,
            type="array",
            items={"type": "string", "enum": names},
            examples=names,
            minItems=1,
            uniqueItems=True,
            title="Batches",
            description_md="Which jobs of `batch` in the pipeline file to run.",
        ),
        **(training if any(job.recipe for job in group.batch_jobs) else {}),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Change nothing: only say what would be asked, of which version, and where it would go.",
        ),
    }
