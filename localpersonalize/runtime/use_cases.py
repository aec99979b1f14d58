"""Recommenders: what each use case of a domain dataset group trains on and how it answers.

Requirements of the use cases: the service's developer guide, "ECOMMERCE use cases" and "VIDEO_ON_DEMAND use
cases".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UseCase:
    """``recipe`` does the work, on events of type ``event_type`` (None: all). ``hides``: events whose items
    the user is not shown again. ``requires``: parameters a request must have.
    """

    recipe: str
    event_type: str | None = None
    hides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ("userId",)
    explores: bool = False


_BOTH_IDS = ("userId", "itemId")

USE_CASES = {
    "aws-ecomm-popular-items-by-views": UseCase("aws-popularity-count", "View"),
    "aws-ecomm-popular-items-by-purchases": UseCase("aws-popularity-count", "Purchase"),
    "aws-ecomm-frequently-bought-together": UseCase("aws-sims", "Purchase", requires=("itemId",)),
    "aws-ecomm-customers-who-viewed-x-also-viewed": UseCase("aws-sims", "View", ("purchase",), _BOTH_IDS),
    "aws-ecomm-recommended-for-you": UseCase("aws-user-personalization", None, ("purchase",), explores=True),
    "aws-vod-because-you-watched-x": UseCase("aws-sims", "Watch", ("watch",), _BOTH_IDS),
    "aws-vod-more-like-x": UseCase("aws-similar-items", None, ("watch",), _BOTH_IDS),
    "aws-vod-most-popular": UseCase("aws-popularity-count", "Watch"),
    "aws-vod-trending-now": UseCase("aws-trending-now", None, requires=()),
    "aws-vod-top-picks": UseCase("aws-user-personalization", None, ("watch",), explores=True),
}


DOMAINS = {"ecomm": "ECOMMERCE", "vod": "VIDEO_ON_DEMAND"}


def domain_of(name: str) -> str:
    """The domain of a use case's name or ARN: the part after `aws-` says it."""
    return DOMAINS[name.rsplit("/", 1)[-1].split("-")[1]]


def use_case(recipe_arn: str) -> UseCase | None:
    """The use case of a recipe's name or ARN, None for a custom recipe."""
    return USE_CASES.get(recipe_arn.rsplit("/", 1)[-1])
