"""Asking a campaign, and another one beside it, what somebody would see now."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_personalize.pagination import list_all
from encore.config.models import POPULARITY, DatasetGroup
from encore.page.catalogue import Catalogue, Entry, Event
from encore.page.service import Campaign, attempt

Needs = Literal["user", "item", "ranking"]
NEEDS: Mapping[str, Needs] = {
    "USER_PERSONALIZATION": "user",
    "RELATED_ITEMS": "item",
    "PERSONALIZED_RANKING": "ranking",
}
MOST_RESULTS = 50
_PARAMETER = re.compile(r"\$(\w+)")
_LIST_VALUE = re.compile(r"\s*,\s*")


@dataclass(frozen=True)
class Choice:
    """A campaign that can be asked.

    :param needs: what it is asked about: a user, an item, or a user and items to rank
    :param is_listed: whether the pipeline file has it; others were made by hand
    :param is_personal: whether its answers differ from user to user
    """

    name: str
    arn: str
    version_arn: str
    needs: Needs
    is_listed: bool
    is_personal: bool

    @property
    def about(self) -> str:
        return "item" if self.needs == "item" else "user"


@dataclass(frozen=True)
class FilterChoice:
    """A filter, and the names of the values that its expression takes."""

    name: str
    arn: str
    parameters: Sequence[str]


@dataclass(frozen=True)
class Question:
    """What the form asks."""

    campaign: str = ""
    beside: str = ""
    id: str = ""
    count: int = 10
    filter: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Question:
        count = query.get("count", "")

        def named(prefix: str) -> dict[str, str]:
            return {
                key.removeprefix(prefix): value.strip()
                for key, value in query.items()
                if key.startswith(prefix) and value.strip()
            }

        return cls(
            query.get("campaign", ""),
            query.get("beside", ""),
            query.get("id", "").strip(),
            min(max(int(count), 1), MOST_RESULTS) if count.isdigit() else 10,
            query.get("filter", ""),
            named("value."),
            named("context."),
        )


@dataclass(frozen=True)
class Recommendation:
    """One line of an answer.

    :param rank_beside: where the other campaign has the item; None if it does not
    :param was_seen: whether it is among the user's last events
    """

    rank: int
    entry: Entry
    score: float | None
    rank_beside: int | None = None
    was_seen: bool = False


@dataclass(frozen=True)
class Answer:
    """What a campaign has answered, or why it has not."""

    choice: Choice
    items: Sequence[Recommendation] = ()
    milliseconds: float = 0.0
    error: str | None = None


def choices(client: Any, group: DatasetGroup, campaigns: Sequence[Campaign]) -> list[Choice]:
    """The campaigns that can be asked, the pipeline file's first, each once it serves."""
    order = [solution.campaign_name for solution in group.solutions]
    types: dict[str, str] = {}
    options = []
    for campaign in campaigns:
        if campaign.serves is None:
            continue
        recipe = group.solution(campaign.solution).recipe_arn
        if recipe not in types:
            types[recipe] = client.describe_recipe(recipeArn=recipe)["recipe"]["recipeType"]
        if needs := NEEDS.get(types[recipe]):
            is_personal = needs == "user" and not recipe.endswith(POPULARITY)
            is_listed = campaign.name in order
            options.append(
                Choice(campaign.name, campaign.arn, campaign.serves, needs, is_listed, is_personal)
            )
    last = len(order)
    return sorted(
        options,
        key=lambda option: (order.index(option.name) if option.is_listed else last, option.name),
    )


def filters(client: Any, dataset_group_arn: str) -> list[FilterChoice]:
    """The filters of the dataset group that can be used."""
    listed = list_all(client, "list_filters", datasetGroupArn=dataset_group_arn)
    return [
        FilterChoice(entry["name"], entry["filterArn"], _parameters(client, entry["filterArn"]))
        for entry in listed
        if entry["status"] == "ACTIVE"
    ]


def answers(
    runtime: Any,
    catalogue: Catalogue,
    question: Question,
    first: Choice,
    second: Choice | None,
    filter_choice: FilterChoice | None,
    last_events: Sequence[Event],
) -> list[Answer]:
    """One answer, or two side by side."""
    seen = {event.item for event in last_events} if first.about == "user" else set()
    raw = [
        (option, *_ask_one(runtime, option, question, filter_choice, sorted(seen)))
        for option in (first, second)
        if option
    ]
    ids = [[item["itemId"] for item in items] for _, items, _, _ in raw]
    entries = catalogue.entries("item", [item for listed in ids for item in listed])
    made = []
    for number, (option, items, milliseconds, error) in enumerate(raw):
        other = ids[1 - number] if len(ids) == 2 else []
        lines = [
            Recommendation(
                rank,
                entries.get(item["itemId"]) or Entry(item["itemId"], "", {}),
                item.get("score"),
                other.index(item["itemId"]) + 1 if item["itemId"] in other else None,
                item["itemId"] in seen,
            )
            for rank, item in enumerate(items, 1)
        ]
        made.append(Answer(option, lines, milliseconds, error))
    return made


def _ask_one(
    runtime: Any, option: Choice, question: Question, filter_choice: FilterChoice | None, seen: Sequence[str]
) -> tuple[list[dict[str, Any]], float, str | None]:
    arguments: dict[str, Any] = {"campaignArn": option.arn, f"{option.about}Id": question.id}
    if question.context:
        arguments["context"] = dict(question.context)
    if filter_choice:
        arguments["filterArn"] = filter_choice.arn
        values = {name: filter_value(question.values.get(name, "")) for name in filter_choice.parameters}
        if values:
            arguments["filterValues"] = values
    begin = time.perf_counter()
    if option.needs == "ranking":
        if not seen:
            return [], 0.0, "It ranks the items of the user's last events, and there are none."
        answer, error = attempt(lambda: runtime.get_personalized_ranking(**arguments, inputList=list(seen)))
        items = answer["personalizedRanking"] if answer else []
    else:
        arguments["numResults"] = question.count
        answer, error = attempt(lambda: runtime.get_recommendations(**arguments))
        items = answer["itemList"] if answer else []
    return items, (time.perf_counter() - begin) * 1000, error


def filter_value(text: str) -> str:
    """As the runtime takes it: numbers bare, texts in quotes, several with commas."""
    parts = [part.strip('"') for part in _LIST_VALUE.split(text.strip()) if part]
    return ",".join(part if re.fullmatch(r"-?\d+(\.\d+)?", part) else f'"{part}"' for part in parts)


def _parameters(client: Any, arn: str) -> list[str]:
    expression = client.describe_filter(filterArn=arn)["filter"]["filterExpression"]
    return list(dict.fromkeys(_PARAMETER.findall(expression)))
