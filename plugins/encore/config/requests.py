"""What the pipeline file hands to the service as it is: held against botocore's model and the recipes' ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

from encore.config import hyperparameters
from encore.config.models import Pipeline, Solution
from encore.config.problems import Location, Problem


def request_problems(pipeline: Pipeline) -> Iterator[Problem]:
    """Settings of solutions and campaigns that the service would refuse."""
    for number, group in enumerate(pipeline.dataset_groups):
        for position, solution in enumerate(group.solutions):
            at: Location = ("dataset_groups", number, "solutions", position)
            yield from _of_model((*at, "solution_config"), "SolutionConfig", solution.solution_config)
            yield from _of_model((*at, "campaign", "config"), "CampaignConfig", solution.campaign.config)
            yield from _of_hyperparameters(at, solution)


def _of_hyperparameters(at: Location, solution: Solution) -> Iterator[Problem]:
    parts: list[tuple[Location, str, Mapping[str, Any]]] = [
        ((*at, "hyperparameters"), "algorithmHyperParameters", solution.hyperparameters)
    ]
    for key in ("algorithmHyperParameters", "featureTransformationParameters"):
        parts.append(((*at, "solution_config", key), key, _mapping(solution.solution_config.get(key))))
    for here, key, values in parts:
        for name, message in hyperparameters.refused(solution.recipe, key, values):
            yield Problem((*here, name), message)
    config: Location = (*at, "campaign", "config", "itemExplorationConfig")
    for name, value in _mapping(solution.campaign.config.get("itemExplorationConfig")).items():
        known = hyperparameters.EXPLORATION.get(name)
        if known is None:
            yield Problem((*config, name), f"is none of {', '.join(hyperparameters.EXPLORATION)}")
        elif not known.holds(value):
            yield Problem((*config, name), f"{value!r} is not what the service takes: {known}")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}  # what is none is named by the model


def _of_model(at: Location, shape: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    report = _validator().validate(dict(value), _model().shape_for(shape))
    for line in report.generate_report().splitlines():
        yield Problem((*at, *_named(line)), line)
    yield from _of_patterns(at, _model().shape_for(shape), value)


def _named(line: str) -> list[str]:
    """The keys that a line of botocore's report speaks of."""
    parameter = re.search(r"parameter (?:in )?(?:input|([\w.]+))(?:[:,]|$)", line)
    unknown = re.search(r'Unknown parameter in .*: "(\w+)"', line)
    steps = [step for step in (parameter[1] or "").split(".") if step] if parameter else []
    return steps + ([unknown[1]] if unknown else [])


def _of_patterns(at: Location, shape: Any, value: Any) -> Iterator[Problem]:
    """Patterns, choices and longest texts of the model, which botocore leaves to the service."""
    if isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        for name, entry in value.items():
            inner = members.get(name) or getattr(shape, "value", None)
            if inner is not None:
                yield from _of_patterns((*at, name), inner, entry)
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from _of_patterns((*at, position), shape.member, entry)
    elif isinstance(value, str) and shape.type_name == "string":
        metadata = shape.metadata
        if "enum" in metadata and value not in metadata["enum"]:
            yield Problem(at, f"{value!r} is none of {', '.join(metadata['enum'])}")
        if "pattern" in metadata and not re.fullmatch(metadata["pattern"], value):
            yield Problem(at, f"{value!r} is not written as the service wants it: {metadata['pattern']}")
        if len(value) > metadata.get("max", len(value)):
            yield Problem(at, f"has {len(value)} characters, the service takes {metadata['max']}")


@cache
def _model() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("personalize")


def _validator() -> ParamValidator:
    return ParamValidator()
