"""The forms of the DAGs: what a person may choose who triggers one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk import DAG, Param

from encore.config.models import DatasetGroup
from encore.runs.export_days import AS_EXPORTED, FROM_FIRST_INTERACTION

# Italics in descriptions: what is between backticks covers the line above it in a narrow window of Airflow.
_DATE: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
#: Headings of the forms, in the order of the page.
WHAT, DATA, TRAINING, LIVE = "What", "Data", "Training", "What goes live"


def give(dag: DAG, form: Mapping[str, Param]) -> None:
    """Give a DAG its form, once its tasks are made.

    A task that is made in a DAG with params copies all of them, once for each of its classes, and is serialized with
    them: of the retraining's DAG they were three quarters of its size and half of the time to parse it. A run's params
    are those of the DAG and of its conf, whether the task has a copy or not.

    :raises ParamValidationError: for a default that the form would not take
    """
    dag.params.update(form)
    dag.params.validate()


def retraining(group: DatasetGroup) -> dict[str, Param]:
    """The form of `retrain_recommenders`; without solutions there is nothing to choose of trainings."""
    solutions = _some_of(
        {solution.name: solution.recipe.removeprefix("aws-") for solution in group.solutions},
        "Solutions",
        "Which solutions to train, measure and promote.",
        section=WHAT,
    )
    return {
        "dry_run": _dry_run("what would be imported, trained and promoted, and what it costs"),
        **({"solutions": solutions} if group.solutions else {}),
        "history": _one_of(
            {
                FROM_FIRST_INTERACTION: "export first the days that never were, from the first interaction on",
                AS_EXPORTED: "use what is exported",
            },
            "History",
            "The first interaction in the table counts, or *history_start* in the pipeline file.",
            section=DATA,
        ),
        "import_mode": _one_of(
            {
                "FULL": "replace what was imported before",
                "INCREMENTAL": "add the days of interactions that were exported since",
            },
            "Import",
            "How users, items and interactions get into the service.",
            section=DATA,
        ),
        "as_of": Param(
            None,
            **_DATE,
            title="As of",
            description_md="Train on interactions up to this day (included). Empty: all there are."
            " The service then has no newer ones until the next run.",
            section=DATA,
        ),
        "data_gate": _one_of(
            {
                "file": "as the pipeline file says",
                "stop": "import nothing",
                "warn": "go on all the same",
            },
            "Unusual data",
            "What follows when the data is not what it usually is.",
            section=DATA,
        ),
        **(_trainings() if group.solutions else {}),
    }


def _trainings() -> dict[str, Param]:
    """How the chosen solutions are trained, and what goes live."""
    return {
        "training_mode": _one_of(
            {
                "FULL": "a new model",
                "UPDATE": "new items and events into the last model",
            },
            "Training",
            "Only *aws-user-personalization* and *aws-hrnn-coldstart* can be updated.",
            section=TRAINING,
        ),
        "promote": _one_of(
            {
                "gate": "as the pipeline file says",
                "ask": "a person decides, whatever the gate says",
                "hold": "nothing goes live",
                "promote": "everything goes live, whatever the gate says",
            },
            "Promotion",
            "What happens to the new versions.",
            section=LIVE,
        ),
    }


def export() -> dict[str, Param]:
    """The form of `export_interactions`."""
    section = "Days of a single run (leave empty in a backfill)"
    return {
        "from_date": Param(
            None,
            **_DATE,
            title="First day",
            description_md="Empty: the run's own day (for a manual run: yesterday), and *reexport_days* before it."
            " A backfill has a run for each day of its range, and refuses days here.",
            section=section,
        ),
        "to_date": Param(
            None, **_DATE, title="Last day", description_md="Included. Must be over, in UTC.", section=section
        ),
    }


def batch(group: DatasetGroup) -> dict[str, Param]:
    """The form of `batch_recommendations`."""
    jobs = group.batch_jobs
    training = _yes_or_no(
        True,
        "Train first",
        "Jobs with a *recipe* of their own train their solution before. Without: its newest version"
        " answers. Jobs that name a *solution* never train.",
    )
    return {
        "batches": _some_of(
            {job.name: job.kind for job in jobs},
            "Jobs",
            "Which jobs of *batch* in the pipeline file to run: "
            + "; ".join(f"{job.name} asks {job.solution_name} ({group.recipe_of(job)})" for job in jobs)
            + ".",
        ),
        **({"train": training} if any(job.recipe for job in jobs) else {}),
        "dry_run": _dry_run("what would be asked, of which version, and where it would go"),
    }


def rollback(group: DatasetGroup) -> dict[str, Param]:
    """The form of `rollback_campaign`.

    Its versions are in the history, which is in S3: a DAG file that asks for it is parsed only as fast as the answer
    comes, and not at all without one. So the page *Encore* lets choose, and starts the DAG with what was chosen.
    """
    # Relative to the root of Airflow's UI, which may be below a path of its own.
    choices = f"encore/groups/{quote(group.name, safe='')}/try#rollback"
    return {
        "campaign": _one_of(
            {
                solution.campaign_name: f"of solution {solution.name}, {solution.recipe}"
                for solution in group.solutions
            },
            "Campaign",
            "What to roll back.",
        ),
        "version": Param(
            None,
            type=["null", "string"],
            title="Version",
            description_md=f"Empty: the one that was live before. [Choose another from a list]({choices}) on the page"
            " *Encore*, which starts this DAG filled in; or give the ARN of a version of the campaign's solution, or"
            " the last part of it.",
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


def _one_of(options: Mapping[str, str], title: str, description: str, section: str | None = None) -> Param:
    """A choice, each option with a word of explanation; the first option is the default."""
    return Param(
        next(iter(options)),
        type="string",
        enum=list(options),
        values_display=_with_meaning(options),
        title=title,
        description_md=description,
        **_in_section(section),
    )


def _some_of(options: Mapping[str, str], title: str, description: str, section: str | None = None) -> Param:
    """One choice or more, each option with a word of explanation; by default all of them.

    All stand beside each other in the form: long words leave its heading no room in a narrow window.
    """
    names = list(options)
    return Param(
        names,
        type="array",
        items={"type": "string", "enum": names},
        examples=names,
        values_display=_with_meaning(options),
        minItems=1,
        uniqueItems=True,
        title=title,
        description_md=description,
        **_in_section(section),
    )


def _with_meaning(options: Mapping[str, str]) -> dict[str, str]:
    return {option: f"{option}: {meaning}" for option, meaning in options.items()}


def _in_section(name: str | None) -> dict[str, Any]:
    return {"section": name} if name else {}


def _yes_or_no(default: bool, title: str, description: str) -> Param:
    return Param(default, type="boolean", title=title, description_md=description)


def _dry_run(content: str) -> Param:
    return _yes_or_no(False, "Dry run", f"Change nothing: only say {content}.")
