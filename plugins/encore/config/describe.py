"""A dataset group of the pipeline file as a table to read."""

from __future__ import annotations

from rich import box
from rich.console import Group
from rich.table import Table

from encore.config.batch import BatchJob
from encore.config.comparison import Comparison
from encore.config.models import DatasetGroup, Solution
from encore.config.sql_checks import ColumnCheck, TableCheck


def describe(group: DatasetGroup) -> Group:
    """What is kept fresh in a group, from where, when, and under which rules."""
    facts = Table(box=None, show_header=False, title=f"Dataset group {group.name}", title_justify="left")
    facts.add_row("DAGs", ", ".join(group.dag_ids))
    facts.add_row("schedule", f"{group.schedule} (UTC)")
    for kind, dataset in group.datasets.items():
        facts.add_row(kind, f"{dataset.sql} checked by {dataset.avro_schema} -> {group.dataset_uri(kind)}")
        checks: list[TableCheck | ColumnCheck] = [*dataset.table_checks, *dataset.column_checks]
        for check in checks:
            facts.add_row(f"check {check.name}", f"{_expectation(check)} -> {check.severity}")
    facts.add_row("data gate", _data_gate(group))
    if test := group.experiment:
        facts.add_row(
            "experiment",
            f"{test.name}: {test.share:.0%} of users see {test.challenger} instead of {test.champion} from {test.begin}"
            f" on, judged by {test.event_type} after {', '.join(str(day) for day in test.analysis_days)}",
        )
    if group.comparison:
        facts.add_row("comparison", _comparison(group.comparison))
    if group.event_tracker:
        facts.add_row("events", f"tracker {group.event_tracker.name or group.name}")
    if group.metric_attribution:
        sums = [
            f"{metric.name}: {metric.expression} of {metric.event_type}"
            for metric in group.metric_attribution.metrics
        ]
        facts.add_row("attribution", ", ".join(sums))
    for recommender in group.recommenders:
        provisioned = f"{recommender.min_requests_per_second} requests per second"
        state = f", {recommender.state}" if recommender.state else ""
        facts.add_row(f"recommender {recommender.name}", f"{recommender.recipe}, {provisioned}{state}")
    for filter_ in group.filters:
        facts.add_row(f"filter {filter_.name}", filter_.expression)
    for channel in group.notify:
        facts.add_row("notify", f"{channel.type}: {', '.join(channel.on)}")
    if group.deadline_hours:
        facts.add_row("late after", f"{group.deadline_hours:g} h")
    for job in group.batch_jobs:
        facts.add_row(f"batch {job.name}", _batch_job(group, job))
    solutions = Table("solution", "recipe", "campaign", "gate", box=box.SIMPLE)
    for solution in group.solutions:
        solutions.add_row(solution.name, solution.recipe, _campaign(solution), _gate(group, solution))
    return Group(facts, solutions)


def _expectation(check: TableCheck | ColumnCheck) -> str:
    rows = f" where {check.where}" if check.where else ""
    if isinstance(check, TableCheck):
        return f"{check.table}{rows}: {check.statement}"
    limits = ", ".join(f"{name} {limit:.15g}" for name, limit in check.limits.items())
    return f"{check.table}.{check.column}{rows}: {check.test} {limits}"


def _batch_job(group: DatasetGroup, job: BatchJob) -> str:
    own = f"a solution of its own ({job.recipe})" if job.recipe else job.solution
    table = f" and table {job.table}" if job.table else ""
    when = f" ({group.batch.schedule} UTC)" if group.batch and group.batch.schedule else ""
    return f"{job.kind} of {own} -> {group.batch_uri(job)}{table}{when}"


def _campaign(solution: Solution) -> str:
    check = solution.campaign.check
    return (
        f"{solution.campaign_name}, {solution.campaign.min_provisioned_tps} TPS\n"
        f"checked with {check.questions} questions"
    )


def _gate(group: DatasetGroup, solution: Solution) -> str:
    gate, baseline = solution.gate, group.baseline(solution)
    lines = []
    for name, rule in gate.metrics.items():
        tolerance = "noise estimated" if rule.tolerance == "estimate" else f"± {rule.tolerance:g}"
        floor = "" if rule.floor is None else f", floor {rule.floor:g}"
        lines.append(f"{name} ({tolerance}{floor})")
    if group.comparison:
        wanted = gate.same_users
        what = "better" if wanted.require == "better" else f"not worse by {wanted.not_worse_by:.0%}"
        lines = [f"{wanted.metric} on the same users {what}, undecided: {wanted.undecided}; else by", *lines]
    lines.append(f"worse than live: {gate.worse_than_live}")
    if baseline:
        lines.append(f"worse than {baseline.name}: {gate.worse_than_popularity}")
    return "\n".join(lines)


def _comparison(comparison: Comparison) -> str:
    days = "day is" if comparison.held_back_days == 1 else f"{comparison.held_back_days} days are"
    split = f", by {comparison.attribute}" if comparison.attribute else ""
    return f"the newest {days} held back from the import; up to {comparison.users:,} users are asked{split}"


def _data_gate(group: DatasetGroup) -> str:
    gate = group.data_gate
    limits = gate.model_dump(exclude={"on_failure", "compare_runs", "scan_rows"})
    text = ", ".join(f"{name} {value:g}" for name, value in limits.items() if value is not None)
    return f"{text} -> {gate.on_failure}"
