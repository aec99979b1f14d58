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
    "aws-hrnn",
    "aws-hrnn-coldstart",
    "aws-hrnn-metadata",
    "aws-item-affinity",
    "aws-item-attribute-affinity",
    "aws-next-best-action",
    "aws-personalized-ranking",
    "aws-personalized-ranking-v2",
    "aws-popularity-count",
    "aws-semantic-similarity",
    "aws-sims",
    "aws-similar-items",
    "aws-trending-now",
    "aws-user-personalization",
    "aws-user-personalization-v2",
)
# Datasets besides interactions of which a recipe needs one (any of them) to train.
NEEDS = {
    "aws-hrnn-coldstart": ("items",),
    "aws-hrnn-metadata": ("users", "items"),
    "aws-item-attribute-affinity": ("items",),
    "aws-semantic-similarity": ("items",),
}
NEEDS_ACTIONS = ("aws-next-best-action",)
OF_ACTIONS = ("actions", "action_interactions")
UPDATABLE = ("aws-user-personalization", "aws-hrnn-coldstart")
WITHOUT_CAMPAIGN = ("aws-item-affinity", "aws-item-attribute-affinity")
# The columns that a line of a batch job's input is made of, by recipe. Recipes that are not here take no batch jobs:
# what trends is a matter of the hour, and actions are only recommended in real time.
BATCH_COLUMNS = {
    **dict.fromkeys(
        (
            "aws-hrnn",
            "aws-hrnn-coldstart",
            "aws-hrnn-metadata",
            "aws-popularity-count",
            "aws-user-personalization",
            "aws-user-personalization-v2",
        ),
        ("user_id",),
    ),
    **dict.fromkeys(
        ("aws-semantic-similarity", "aws-sims", "aws-similar-items", "aws-item-affinity"), ("item_id",)
    ),
    **dict.fromkeys(("aws-personalized-ranking", "aws-personalized-ranking-v2"), ("user_id", "item_list")),
    "aws-item-attribute-affinity": ("item_attributes",),
}
BATCH_MOST_LINES = {"aws-item-affinity": 500, "aws-item-attribute-affinity": 10}
# The price of a training counts interactions instead of hours, and that of a campaign requests.
PRICED_BY_INTERACTION = ("aws-user-personalization-v2", "aws-personalized-ranking-v2")
