"""What the pipeline file needs to know about the service's recipes before anything runs.

Source: the developer guide's chapters on recipes and on choosing one, and its list of legacy recipes.
"""

from __future__ import annotations

SUCCESSORS = {
    "aws-hrnn": "aws-user-personalization-v2",
    "aws-hrnn-metadata": "aws-user-personalization-v2",
    "aws-hrnn-coldstart": "aws-user-personalization-v2",
    "aws-personalized-ranking-legacy": "aws-personalized-ranking-v2",
}
RECIPES = (
    "aws-hrnn", "aws-hrnn-coldstart", "aws-hrnn-metadata", "aws-item-affinity", "aws-item-attribute-affinity",
    "aws-next-best-action", "aws-personalized-ranking", "aws-personalized-ranking-v2", "aws-popularity-count",
    "aws-sims", "aws-similar-items", "aws-trending-now", "aws-user-personalization", "aws-user-personalization-v2",
)  # fmt: skip
# Datasets besides interactions of which a recipe needs one (any of them) to train.
NEEDS = {
    "aws-hrnn-coldstart": ("items",),
    "aws-hrnn-metadata": ("users", "items"),
    "aws-item-attribute-affinity": ("items",),
}
UPDATABLE = ("aws-user-personalization", "aws-hrnn-coldstart")
WITHOUT_CAMPAIGN = ("aws-item-affinity", "aws-item-attribute-affinity")
# The price of a training counts interactions instead of hours.
PRICED_BY_INTERACTION = ("aws-user-personalization-v2", "aws-personalized-ranking-v2")
