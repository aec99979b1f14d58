"""The section of domain recommenders: a use case of a domain, which the service trains, keeps fresh and serves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from encore.config.base import Name, Settings

#: By domain. Sources: the developer guide, "ECOMMERCE use cases" and "VIDEO_ON_DEMAND use cases".
USE_CASES = {
    "ECOMMERCE": (
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        "aws-ecomm-frequently-bought-together",
        "aws-ecomm-popular-items-by-purchases",
        "aws-ecomm-popular-items-by-views",
        "aws-ecomm-recommended-for-you",
    ),
    "VIDEO_ON_DEMAND": (
        "aws-vod-because-you-watched-x",
        "aws-vod-more-like-x",
        "aws-vod-most-popular",
        "aws-vod-top-picks",
        "aws-vod-trending-now",
    ),
}


def is_use_case(recipe: str | None) -> bool:
    """Whether a recipe is a domain's use case, which a recommender serves and no campaign."""
    return any(recipe in recipes for recipes in USE_CASES.values())


class Recommender(Settings):
    """A use case of the group's domain. Made by the retraining; it is paid for by the hour from then on."""

    name: Name
    recipe: Name = Field(description="The use case, e.g. aws-ecomm-recommended-for-you")
    min_requests_per_second: int = Field(
        1, ge=1, description="Provisioned, and paid for whether asked or not"
    )
    state: Literal["active", "stopped"] | None = Field(
        None,
        description="Started or stopped by each run; a stopped one keeps its model, answers nothing and is not paid"
        " for. Empty: as a person has left it",
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="Further entries of recommenderConfig, as the API takes them"
    )

    def request(self) -> dict[str, Any]:
        """The recommenderConfig of CreateRecommender."""
        return {**self.config, "minRecommendationRequestsPerSecond": self.min_requests_per_second}
