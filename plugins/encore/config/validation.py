"""What must hold between the sections of the pipeline file, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from airflow_personalize.export.exceptions import SchemaError
from airflow_personalize.export.schema.avro import load_schema
from encore.config import recipes, validation_batch, validation_datasets
from encore.config.events import EXPRESSION, MetricAttribution
from encore.config.experiment import Experiment
from encore.config.models import POPULARITY, Dataset, DatasetGroup, Pipeline, Solution
from encore.config.policies import Quotas
from encore.config.problems import Location, Problem, cron_problem, recipe_problems, recommender_problems

#: The service's names have 63 characters, and a schema's is <group>-<dataset>-<12 digits of its content>.
LONGEST_NAME = 63


def problems(pipeline: Pipeline, include: Path) -> list[Problem]:
    """What makes the file unusable.

    :param include: the folder that paths of schemas and queries are relative to.
    """
    result = list(
        _too_many(
            "dataset groups",
            ("dataset_groups",),
            len(pipeline.dataset_groups),
            pipeline.quotas.dataset_groups,
            "dataset_groups",
        )
    )
    owners: dict[str, str] = {}
    for number, group in enumerate(pipeline.dataset_groups):
        folder = f"s3://{group.bucket}/{group.prefix}/"
        if owner := owners.get(folder):
            message = f"{folder} is where {owner} keeps its files already"
            result.append(Problem(("dataset_groups", number, "prefix"), message))
        owners[folder] = group.name
        result += _of_group(("dataset_groups", number), group, pipeline, include)
    return result


def warnings(pipeline: Pipeline) -> list[Problem]:
    """What may be meant, but will be refused or regretted."""
    result: list[Problem] = []
    for number, group in enumerate(pipeline.dataset_groups):
        at: Location = ("dataset_groups", number)
        for position, solution in enumerate(group.solutions):
            if successor := recipes.SUCCESSORS.get(solution.recipe):
                result.append(
                    Problem(
                        (*at, "solutions", position, "recipe"),
                        f"{solution.recipe} is a legacy recipe: AWS refuses to create new solutions with it. "
                        f"Its successor is {successor}.",
                    )
                )
            if solution.gate.worse_than_live == "promote":
                result.append(
                    Problem(
                        (*at, "solutions", position, "gate", "worse_than_live"),
                        "a worse model goes live without a question",
                    )
                )
        if group.comparison and group.event_tracker:
            result.append(
                Problem(
                    (*at, "comparison"),
                    "is never fair beside an event tracker, through which the service learns of the days held back:"
                    " the service's metrics will decide",
                )
            )
        if group.comparison and group.comparison.held_back_days > 7:
            result.append(
                Problem(
                    (*at, "comparison", "held_back_days"),
                    "no model learns of these days before they are that old: more `users` narrow an interval as well",
                )
            )
        if group.retention.partitions is not None:
            result.append(
                Problem(
                    (*at, "retention", "partitions"), "a FULL import only has the partitions that are kept"
                )
            )
        if group.deadline_hours and not any("late" in channel.on for channel in group.notify):
            result.append(
                Problem((*at, "deadline_hours"), "nobody in `notify` is notified when a run is late")
            )
    return result


def _of_group(at: Location, group: DatasetGroup, pipeline: Pipeline, include: Path) -> Iterator[Problem]:
    if problem := cron_problem(group.schedule):
        yield Problem((*at, "schedule"), problem)
    longest = LONGEST_NAME - len("--") - 12 - max(map(len, group.datasets))
    if len(group.name) > longest:
        yield Problem(
            (*at, "name"),
            f"has {len(group.name)} characters; its schemas are named after it, so it may have {longest}",
        )
    for kind, dataset in group.datasets.items():
        yield from validation_datasets.problems((*at, "datasets", kind), kind, dataset, include)
    quotas = pipeline.quotas
    campaigns = len({solution.campaign_name for solution in group.solutions})
    solutions = len(group.solutions) + sum(job.recipe is not None for job in group.batch_jobs)
    yield from _too_many("solutions", (*at, "solutions"), solutions, quotas.solutions, "solutions")
    yield from _too_many("campaigns", (*at, "solutions"), campaigns, quotas.campaigns, "campaigns")
    yield from _too_many("filters", (*at, "filters"), len(group.filters), quotas.filters, "filters")
    names = [filter_.name for filter_ in group.filters]
    for position, name in enumerate(names):
        if name in names[:position]:
            yield Problem((*at, "filters", position, "name"), f"there is another filter {name}")
    served: dict[str, str] = {}
    for position, solution in enumerate(group.solutions):
        here: Location = (*at, "solutions", position)
        yield from _of_solution(here, solution, group, quotas)
        if other := served.get(solution.campaign_name):
            yield Problem(here, f"its campaign {solution.campaign_name} is {other}'s already")
        served[solution.campaign_name] = solution.name
    if group.comparison and not group.solutions:
        yield Problem((*at, "comparison"), "compares versions of solutions, and the group has none")
    if group.comparison and group.comparison.attribute:
        yield from _of_attribute((*at, "comparison", "attribute"), group.comparison.attribute, group, include)
    if group.metric_attribution:
        yield from _of_attribution((*at, "metric_attribution"), group.metric_attribution, group, include)
    if group.experiment:
        yield from _of_experiment((*at, "experiment"), group.experiment, group, include)
    yield from recommender_problems((*at, "recommenders"), group)
    if group.batch:
        yield from validation_batch.problems((*at, "batch"), group.batch, group, include)


def _of_experiment(
    at: Location, experiment: Experiment, group: DatasetGroup, include: Path
) -> Iterator[Problem]:
    """Both solutions are in the file and are asked alike; what counts is in the interactions."""
    solutions = {solution.name: solution for solution in group.solutions}
    arms = {"champion": experiment.champion, "challenger": experiment.challenger}
    for arm, name in arms.items():
        if name not in solutions:
            known = ", ".join(solutions) or "none"
            yield Problem((*at, arm), f"the group has no solution {name}, only {known}")
    used = [solutions[name].recipe for name in arms.values() if name in solutions]
    if len({recipes.BATCH_COLUMNS[recipe] for recipe in used if recipe in recipes.BATCH_COLUMNS}) > 1:
        yield Problem(
            (*at, "challenger"),
            f"{' and '.join(used)} are not asked alike: an application can't show either by lot",
        )
    if problem := cron_problem(experiment.schedule):
        yield Problem((*at, "schedule"), problem)
    interactions = group.datasets["interactions"]
    names = _columns(interactions, include)
    for column in ("event_type", "event_value")[: 2 if experiment.measure == "value" else 1]:
        if names and column not in names:
            yield Problem((*at, "measure"), f"{interactions.avro_schema} has no column {column.upper()}")


def _of_solution(at: Location, solution: Solution, group: DatasetGroup, quotas: Quotas) -> Iterator[Problem]:
    yield from recipe_problems((*at, "recipe"), solution.recipe, group)
    if solution.recipe in recipes.WITHOUT_CAMPAIGN:
        yield Problem(
            (*at, "recipe"),
            f"{solution.recipe} segments users in batch jobs: no campaign can serve it. Give it to a job of `batch`",
        )
    tps = solution.campaign.min_provisioned_tps
    if tps > quotas.provisioned_tps:
        yield Problem(
            (*at, "campaign", "min_provisioned_tps"),
            f"is {tps}, but the service's quota is {quotas.provisioned_tps}; if AWS has raised it, say so in "
            "`quotas.provisioned_tps`",
        )
    name = solution.gate.baseline
    if name is not None:
        baseline = group.baseline(solution)
        if baseline is None or baseline.recipe != POPULARITY:
            yield Problem(
                (*at, "gate", "baseline"), f"{name} is no solution of the group with recipe {POPULARITY}"
            )


def _of_attribute(at: Location, column: str, group: DatasetGroup, include: Path) -> Iterator[Problem]:
    users = group.datasets.get("users")
    if users is None:
        yield Problem(at, f"{column} is a column of Users, and the group has no dataset `users`")
        return
    names = _columns(users, include)
    if names and column.lower() not in names:
        yield Problem(at, f"{users.avro_schema} has no column {column}, only {', '.join(names)}")


def _of_attribution(
    at: Location, attribution: MetricAttribution, group: DatasetGroup, include: Path
) -> Iterator[Problem]:
    """Metrics are sums over events of a type, of columns that the datasets have."""
    interactions = group.datasets["interactions"]
    names = _columns(interactions, include)
    if names and "event_type" not in names:
        yield Problem(
            at, f"{interactions.avro_schema} has no column EVENT_TYPE, by which events are attributed"
        )
    for number, metric in enumerate(attribution.metrics):
        here: Location = (*at, "metrics", number, "expression")
        match = EXPRESSION.fullmatch(metric.expression)
        if match is None or not match["dataset"]:
            continue
        dataset = next((of for kind, of in group.datasets.items() if kind == match["dataset"].lower()), None)
        if dataset is None:
            yield Problem(here, f"the group has no dataset `{match['dataset'].lower()}`")
        elif (columns := _columns(dataset, include)) and match["column"].lower() not in columns:
            yield Problem(
                here, f"{dataset.avro_schema} has no column {match['column']}, only {', '.join(columns)}"
            )


def _columns(dataset: Dataset, include: Path) -> list[str]:
    """The columns of a dataset's schema in lower case; none of a schema that can't be read, which other checks name."""
    try:
        return [field.name.lower() for field in load_schema(include / dataset.avro_schema).fields]
    except (SchemaError, OSError):
        return []


def _too_many(what: str, at: Location, count: int, quota: int, key: str) -> Iterator[Problem]:
    if count > quota:
        yield Problem(
            at,
            f"{count} {what}, but the service's quota is {quota}; if AWS has raised it, say so in `quotas.{key}`",
        )
