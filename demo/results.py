"""What a run left behind, read back from the service through boto3 as an application would."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from encore.config import DatasetGroup, Solution

METRICS = {
    "normalized_discounted_cumulative_gain_at_10": "NDCG@10",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_10": "P@10",
    "coverage": "coverage",
}
SAMPLE = 3
RECOMMENDATIONS = 5


def show(
    console: Console,
    group: DatasetGroup,
    personalize: Any,
    runtime: Any,
    titles: dict[str, str],
    sample: Sample,
) -> None:
    """Print the metrics of each newest solution version, the campaigns, and a few recommendations."""
    solutions = _live_solutions(group, personalize)
    console.print(_metrics_table(solutions, personalize))
    campaigns = _campaigns(solutions, personalize)
    console.print(_campaign_table(campaigns))
    for solution, campaign in campaigns:
        recipe = personalize.describe_recipe(recipeArn=solution["recipeArn"])["recipe"]
        by_item = recipe["recipeType"] == "RELATED_ITEMS"
        console.print(_recommendations(runtime, campaign, by_item, titles, sample))


class Sample:
    """Some users and items that have events, to ask recommendations for."""

    def __init__(self, users: list[str], items: list[str]) -> None:
        self.users, self.items = users[:SAMPLE], items[:SAMPLE]


def _live_solutions(group: DatasetGroup, personalize: Any) -> list[dict[str, Any]]:
    groups = personalize.list_dataset_groups()["datasetGroups"]
    arn = next(entry["datasetGroupArn"] for entry in groups if entry["name"] == group.name)
    wanted: dict[str, Solution] = {solution.name: solution for solution in group.solutions}
    solutions = personalize.list_solutions(datasetGroupArn=arn)["solutions"]
    return [
        personalize.describe_solution(solutionArn=entry["solutionArn"])["solution"]
        for entry in solutions
        if entry["name"] in wanted
    ]


def _metrics_table(solutions: list[dict[str, Any]], personalize: Any) -> Table:
    table = Table(title="Metrics of the newest solution versions", title_justify="left")
    table.add_column("solution")
    table.add_column("recipe")
    table.add_column("version")
    for name in METRICS.values():
        table.add_column(name, justify="right")
    for solution in solutions:
        arn = solution["latestSolutionVersion"]["solutionVersionArn"]
        metrics = personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]
        values = [f"{metrics[key]:.4f}" for key in METRICS]
        table.add_row(solution["name"], solution["recipeArn"].split("/")[-1], arn.split("/")[-1], *values)
    return table


def _campaigns(
    solutions: list[dict[str, Any]], personalize: Any
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    pairs = []
    for solution in solutions:
        for entry in personalize.list_campaigns(solutionArn=solution["solutionArn"])["campaigns"]:
            campaign = personalize.describe_campaign(campaignArn=entry["campaignArn"])
            pairs.append((solution, campaign["campaign"]))
    return pairs


def _campaign_table(campaigns: list[tuple[dict[str, Any], dict[str, Any]]]) -> Table:
    table = Table(title="Live campaigns", title_justify="left")
    for name in ("campaign", "status", "serves version", "ARN"):
        table.add_column(name)
    for _, campaign in campaigns:
        version = campaign["solutionVersionArn"].split("/")[-1]
        table.add_row(campaign["name"], campaign["status"], version, campaign["campaignArn"])
    return table


def _recommendations(
    runtime: Any, campaign: dict[str, Any], by_item: bool, titles: dict[str, str], sample: Sample
) -> Table:
    table = Table(title=f"{campaign['name']} recommends", title_justify="left", show_lines=True)
    table.add_column("to who looks at" if by_item else "to user")
    table.add_column("item")
    table.add_column("title")
    for identifier in sample.items if by_item else sample.users:
        query = {"itemId" if by_item else "userId": identifier}
        answer = runtime.get_recommendations(
            campaignArn=campaign["campaignArn"], numResults=RECOMMENDATIONS, **query
        )
        items = [item["itemId"] for item in answer["itemList"]]
        label = f"{identifier}  {titles.get(identifier, '')}" if by_item else identifier
        table.add_row(label, "\n".join(items), "\n".join(titles.get(item, "?") for item in items))
    return table
