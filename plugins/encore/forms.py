"""The forms of the DAGs: what a person may choose who triggers one."""

from __future__ import annotations

from airflow.sdk import Param

from encore.config.models import DatasetGroup
from encore.runs.export_days import AS_EXPORTED, FROM_FIRST_INTERACTION


def retraining(group: DatasetGroup) -> dict[str, Param]:
    """The form of `retrain_recommenders`."""
    return {
        "solutions": _some_of(
            [solution.name for solution in group.solutions],
            "Solutions",
            "Which solutions to train, measure and promote.",
        ),
        "training_mode": _one_of(
            ["FULL", "UPDATE"],
            "Training",
            "`FULL` trains a new model. `UPDATE` takes new items and events into the last one;"
            " only `aws-user-personalization` and `aws-hrnn-coldstart` can.",
        ),
        "import_mode": _one_of(
            ["FULL", "INCREMENTAL"],
            "Import",
            "`FULL` replaces what was imported before. `INCREMENTAL` adds the days of interactions"
            " that were exported since.",
        ),
        "history": _one_of(
            [FROM_FIRST_INTERACTION, AS_EXPORTED],
            "History",
            "`first_interaction`: days that were never exported are exported first, from the first interaction in the"
            " table (or `history_start` in the pipeline file) on. `exported`: what is exported has to do.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description_md="Train on interactions up to this day (included). Empty: all there are."
            " The service then has no newer ones until the next run.",
        ),
        "promote": _one_of(
            ["gate", "ask", "hold", "promote"],
            "Promotion",
            "`gate`: as the pipeline file says. `ask`: a person decides, whatever the gate says."
            " `hold`: nothing goes live. `promote`: everything goes live, whatever the gate says.",
        ),
        "data_gate": _one_of(
            ["file", "stop", "warn"],
            "Unusual data",
            "`file`: as the pipeline file says. `stop`: import nothing. `warn`: go on all the same.",
        ),
        "dry_run": _dry_run("what would be imported, trained and promoted, and what it costs"),
    }


def batch(group: DatasetGroup) -> dict[str, Param]:
    """The form of `batch_recommendations`."""
    jobs = group.batch_jobs
    training = _yes_or_no(
        True,
        "Train first",
        "Jobs with a `recipe` of their own train their solution before. Without: its newest version"
        " answers. Jobs that name a `solution` never train.",
    )
    return {
        "batches": _some_of(
            [job.name for job in jobs], "Batches", "Which jobs of `batch` in the pipeline file to run."
        ),
        **({"train": training} if any(job.recipe for job in jobs) else {}),
        "dry_run": _dry_run("what would be asked, of which version, and where it would go"),
    }


def rollback(group: DatasetGroup) -> dict[str, Param]:
    """The form of `rollback_campaign`."""
    campaigns = [solution.campaign_name for solution in group.solutions]
    return {
        "campaign": _one_of(campaigns, "Campaign", "What to roll back."),
        "version": Param(
            None,
            type=["null", "string"],
            title="Version",
            description_md="ARN of an earlier solution version, or the last part of it, as the report shows it."
            " Empty: the one that was live before.",
        ),
    }


def clean_up(group: DatasetGroup) -> dict[str, Param]:
    """The form of `clean_up`."""
    return {
        "dry_run": _yes_or_no(False, "Dry run", "Remove nothing, only say what would go."),
        "remove_unlisted": _yes_or_no(
            group.retention.remove_unlisted,
            "Remove what the file no longer names",
            "Campaigns and solutions that Encore has made and the pipeline file no longer has.",
        ),
    }


def _one_of(options: list[str], title: str, description: str) -> Param:
    """A choice; the first option is the default."""
    return Param(options[0], type="string", enum=options, title=title, description_md=description)


def _some_of(options: list[str], title: str, description: str) -> Param:
    """One choice or more; by default all of them."""
    return Param(
        options,
        type="array",
        items={"type": "string", "enum": options},
        examples=options,
        minItems=1,
        uniqueItems=True,
        title=title,
        description_md=description,
    )


def _yes_or_no(default: bool, title: str, description: str) -> Param:
    return Param(default, type="boolean", title=title, description_md=description)


def _dry_run(content: str) -> Param:
    return _yes_or_no(False, "Dry run", f"Change nothing: only say {content}.")
