"""Every member of every request of the three services, and those that have no effect here.

`python -m tests.support.localpersonalize.members` writes `request_members.txt` from botocore's models: do that once
what is new in them is read by the code, or listed in `DIFFERENCES`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

SERVICES = ("personalize", "personalize-runtime", "personalize-events")
KNOWN = Path(__file__).with_name("request_members.txt")


@dataclass(frozen=True)
class Difference:
    """Members that have no effect: how the README calls them, which they are (a regular expression), and what becomes
    of them.
    """

    label: str
    pattern: str
    outcome: str


DIFFERENCES = (
    Difference(
        "`kmsKeyArn` and `roleArn` of CreateDatasetGroup",
        r"CreateDatasetGroup (kmsKeyArn|roleArn)",
        "kept; nothing is encrypted",
    ),
    Difference(
        "`kmsKeyArn` of places in S3",
        r".* (jobInput|jobOutput|metricsOutputConfig)\..*kmsKeyArn",
        "kept; nothing is encrypted",
    ),
    Difference(
        "`minProvisionedTPS` of campaigns",
        r"(Create|Update)Campaign minProvisionedTPS",
        "kept; nothing is provisioned",
    ),
    Difference(
        "`minRecommendationRequestsPerSecond` of recommenders",
        r"(Create|Update)Recommender recommenderConfig\.minRecommendationRequestsPerSecond",
        "kept; nothing is provisioned",
    ),
    Difference(
        "`hpoObjective`",
        r"CreateSolution solutionConfig\.hpoConfig\.hpoObjective\..*",
        "kept; a search maximises a metric of its own",
    ),
    Difference(
        "`maxParallelTrainingJobs`",
        r"CreateSolution solutionConfig\.hpoConfig\.hpoResourceConfig\.maxParallelTrainingJobs",
        "checked; the training jobs of a search run one after another",
    ),
    Difference(
        "`trainingDataConfig` of UpdateRecommender",
        r"UpdateRecommender recommenderConfig\.trainingDataConfig\..*",
        "checked and kept; an update does not train again",
    ),
    Difference(
        "`recipeProvider` of ListRecipes",
        r"ListRecipes recipeProvider",
        "checked; there is one provider",
    ),
    Difference(
        "`performAutoML`, `autoMLConfig`",
        r"CreateSolution (performAutoML|solutionConfig\.autoMLConfig\..*)",
        "refused unless false: AutoML is no longer offered",
    ),
    Difference(
        "`performIncrementalUpdate`",
        r"(Create|Update)Solution performIncrementalUpdate",
        "kept for aws-semantic-similarity, whose campaigns know new and changed items as soon as they are put, with it"
        " and without; refused unless false for others, as the model says",
    ),
    Difference(
        "`themeGenerationConfig`",
        r"CreateBatchInferenceJob themeGenerationConfig\..*",
        "refused, or the job fails: there are no themes",
    ),
)


def members() -> Iterator[str]:
    """`Operation member.of.member[]`, down to those that hold values; maps end in `{}`."""
    loader = Loader()
    for service in SERVICES:
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            shape = model.operation_model(name).input_shape
            yield from (f"{name} {path}" for path in _paths(shape, "")) if shape and shape.members else [name]


def _paths(shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from _paths(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from _paths(shape.member, f"{path}[]")
    else:
        yield f"{path}{{}}" if isinstance(shape, MapShape) else path


def known() -> list[str]:
    """The members that somebody has looked at."""
    return KNOWN.read_text().splitlines()


def outcome(member: str) -> str | None:
    """What becomes of a member that has no effect, None if it has one."""
    return next(
        (difference.outcome for difference in DIFFERENCES if re.fullmatch(difference.pattern, member)), None
    )


def table() -> str:
    """Markdown for the README."""
    lines = ["| Member | What becomes of it |", "| --- | --- |"]
    return "\n".join(
        [*lines, *(f"| {difference.label} | {difference.outcome} |" for difference in DIFFERENCES)]
    )


if __name__ == "__main__":
    KNOWN.write_text("\n".join(sorted(members())) + "\n")
