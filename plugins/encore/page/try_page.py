"""*Try it*: what somebody would see now, of one campaign or of two, and the way back to an earlier version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from airflow_personalize.export.schema.avro import load_schema
from airflow_personalize.export.schema.rules import RESERVED_NAMES
from encore import history
from encore.config import include_folder
from encore.config.models import DatasetGroup
from encore.page import service, trial
from encore.page.access import Group
from encore.page.catalogue import Catalogue, Entry
from encore.page.live import metric_of
from encore.page.render import html_page
from encore.page.trial import Choice, FilterChoice, Question
from encore.report.wording import prose, version

Row = Mapping[str, Any]
MOST_ROLLBACKS = 12  # of each kind
#: Kinds of versions that a campaign can go back to, by what a run has made of them.
KINDS = {
    "promoted": "Were live before",
    "held": "Held, never live",
    "failed": "Did not pass the check of answers",
}


@dataclass(frozen=True)
class RollbackChoice:
    """An earlier version that a campaign can go back to."""

    campaign: str
    version_arn: str
    when: datetime
    outcome: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Setting:
    """What the service and the history say before anything is asked."""

    options: Sequence[Choice]
    filters: Sequence[FilterChoice]
    past: Sequence[Row]
    serves: Mapping[str, str]
    error: str | None


def try_page(request: Request, group: Group) -> HTMLResponse:
    """The form, and the answers if something was asked."""
    question = Question.of_query(dict(request.query_params))
    setting = _setting(group)
    catalogue = Catalogue(service.s3(group), group)
    values: dict[str, Any] = {
        "group": group,
        "current": "try",
        "service_error": setting.error,
        "options": setting.options,
        "question": question,
    }
    if not setting.options:
        return html_page(request, "try.html", **values)
    first = _first(setting.options, question.campaign)
    examples, catalogue_error = service.attempt(lambda: catalogue.search(first.about, ""))
    values |= {
        "chosen": first,
        "filters": setting.filters,
        "contexts": contexts(group),
        "examples": examples or [],
        "catalogue_error": catalogue_error,
        "left_out": list(left_out(setting)),
        "rollbacks": rollbacks(group, setting.past, setting.serves),
        "put": request.query_params.get("put", ""),
    }
    if question.id:
        values |= _answers(group, catalogue, question, first, setting)
    return html_page(request, "try.html", **values)


def suggestions(group: Group, kind: str = "user", text: str = "") -> list[dict[str, str]]:
    """Users or items that a text may mean, for the form."""
    catalogue = Catalogue(service.s3(group), group)
    entries, _ = service.attempt(lambda: catalogue.search("item" if kind == "item" else "user", text))
    return [{"id": entry.id, "title": _label(entry)} for entry in entries or []]


def rollbacks(
    group: DatasetGroup, past: Sequence[Row], serves: Mapping[str, str]
) -> dict[str, list[RollbackChoice]]:
    """Versions that a campaign can go back to, by kind: those that were live before first; no kind is empty.

    :param serves: by campaign, the version that is live
    """
    options: dict[str, RollbackChoice] = {}
    for row in reversed(past):
        arn = row["solution_version_arn"]
        solution = next((entry for entry in group.solutions if entry.name == row["solution"]), None)
        if solution is None or not arn or arn in options or solution.campaign_name not in serves:
            continue
        if arn != serves[solution.campaign_name]:
            metric = metric_of(solution)
            value = (row["metrics"] or {}).get(metric)
            options[arn] = RollbackChoice(
                solution.campaign_name, arn, row["recorded_at"], row["outcome"], metric, value
            )
    of_kind = {
        kind: [option for option in options.values() if option.outcome == outcome][:MOST_ROLLBACKS]
        for outcome, kind in KINDS.items()
    }
    return {kind: choices for kind, choices in of_kind.items() if choices}


def left_out(setting: Setting) -> list[str]:
    """What is newer than what is live and can't be asked, in sentences: the service asks versions by a campaign."""
    served = {option.version_arn for option in setting.options}
    newest = {row["solution"]: row for row in setting.past if row["solution_version_arn"]}
    return [
        f"{name} {version(row['solution_version_arn'])} was {row['outcome']} and no campaign serves it, so it can't be"
        f" asked: {prose(row['reason'])}"
        for name, row in newest.items()
        if row["outcome"] != "promoted" and row["solution_version_arn"] not in served
    ]


def contexts(group: DatasetGroup) -> list[str]:
    """The metadata of interactions that an answer may depend on."""
    schema = load_schema(include_folder() / group.datasets["interactions"].avro_schema)
    return [
        field.name
        for field in schema.fields
        if field.type == "string" and field.canonical not in RESERVED_NAMES
    ]


def _setting(group: DatasetGroup) -> Setting:
    past, _ = service.attempt(lambda: history.read(service.s3(group), group.bucket, group.prefix))

    def read() -> Setting:
        client = service.personalize(group)
        campaigns = service.campaigns(client, group)
        options = trial.choices(client, group, campaigns)
        serves = {campaign.name: campaign.serves for campaign in campaigns if campaign.serves}
        return Setting(options, _filters(client, options), past or [], serves, None)

    setting, error = service.attempt(read)
    return setting or Setting([], [], past or [], {}, error)


def _first(options: Sequence[Choice], name: str) -> Choice:
    """The campaign of that name; else one whose answers are personal, if there is one."""
    return next(
        (option for option in options if option.name == name),
        next((option for option in options if option.is_personal), options[0]),
    )


def _filters(client: Any, options: Sequence[Choice]) -> list[FilterChoice]:
    if not options:
        return []
    version_of = client.describe_solution_version(solutionVersionArn=options[0].version_arn)
    return trial.filters(client, version_of["solutionVersion"]["datasetGroupArn"])


def _answers(
    group: DatasetGroup, catalogue: Catalogue, question: Question, first: Choice, setting: Setting
) -> dict[str, Any]:
    events, error = service.attempt(lambda: catalogue.events(first.about, question.id))
    who, _ = service.attempt(lambda: catalogue.entries(first.about, [question.id]).get(question.id))
    items, _ = service.attempt(lambda: catalogue.entries("item", [event.item for event in events or ()]))
    second = next((option for option in setting.options if option.name == question.beside), None)
    filter_choice = next((entry for entry in setting.filters if entry.name == question.filter), None)
    answers = trial.answers(
        service.runtime(group), catalogue, question, first, second, filter_choice, events or []
    )
    return {
        "answers": answers,
        "events": events or [],
        "items": items or {},
        "who": who,
        "is_untitled": _is_untitled(group, answers),
        **({"catalogue_error": error} if error else {}),
    }


def _is_untitled(group: DatasetGroup, answers: Sequence[trial.Answer]) -> bool:
    """Whether items have ids only, and nobody has said where their titles are."""
    items = [line.entry for answer in answers for line in answer.items]
    dataset = group.datasets.get("items")
    return bool(items) and not any(entry.title for entry in items) and not (dataset and dataset.titles_sql)


def _label(entry: Entry) -> str:
    return entry.title or ", ".join(entry.facts.values())
