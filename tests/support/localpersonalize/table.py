"""The table of operations in `localpersonalize/README.md`: one row for each call that the tests make.

`python -m tests.support.localpersonalize.table` writes it into the README; a test holds them together.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.localpersonalize import members
from tests.support.localpersonalize.calls import CALLS

README = Path(__file__).parents[3] / "localpersonalize" / "README.md"
BEGIN, END = "<!-- operations: made from the tests -->", "<!-- end of operations -->"
BEGIN_MEMBERS, END_MEMBERS = "<!-- members: made from the tests -->", "<!-- end of members -->"

GONE = (
    "DELETE PENDING, DELETE IN_PROGRESS, then gone with its jobs; refused while it changes or others use it."
)
STATES = "Goes through CREATE PENDING and CREATE IN_PROGRESS to ACTIVE or CREATE FAILED."
SHOWS = "Shows the resource."
PAGES = "Lists, oldest first, in pages."
KMS = "Keys of KMS are taken down, but nothing is encrypted."

# What it does, and where it differs from AWS.
DOES: dict[str, tuple[str, str]] = {
    "CreateBatchInferenceJob": (
        "Answers JSON lines in S3: recommendations, similar items or rankings.",
        "No themes (THEME_GENERATION is refused when the job runs).",
    ),
    "CreateBatchSegmentJob": (
        "Users most interested in items or attributes, as JSON lines in S3 (`usersList`).",
        "",
    ),
    "CreateCampaign": (
        "Loads the version into memory and serves it; `$LATEST` and `syncWithLatestSolutionVersion` work.",
        "minProvisionedTPS is kept, but provisions nothing.",
    ),
    "CreateDataDeletionJob": (
        "Removes users from all datasets of the group, streamed records included.",
        "Trained models keep what they learned until trained again, as in AWS.",
    ),
    "CreateDataset": ("Checks the schema against the type and the domain. " + STATES, ""),
    "CreateDatasetExportJob": ("Writes BULK, PUT or ALL records as CSV.", "One file, whatever its size."),
    "CreateDatasetGroup": (STATES, KMS),
    "CreateDatasetImportJob": (
        "Checks role and bucket, then reads CSV files, FULL or INCREMENTAL; names file, row and field of what fails.",
        "CSV only, without Parquet; fewer than 1,000 rows are imported too. A blank in a field without null, or a value"
        " of another type, fails the import. A doubled quote is read as one.",
    ),
    "CreateEventTracker": ("Gives a tracking ID; one a dataset group.", ""),
    "CreateFilter": ("Parses the expression and checks it against the group's schemas.", ""),
    "CreateMetricAttribution": (
        "Checks expressions; sums events and incremental imports into CloudWatch, imports that ask for it into S3.",
        "CloudWatch is that of moto; there may be more than 100 sources.",
    ),
    "CreateRecommender": (
        "Trains the use case's recipe and serves it.",
        "Not trained again by itself every week; use cases stand on the custom recipes.",
    ),
    "CreateSchema": ("Checks the Avro schema.", "Fields may be in lower case."),
    "CreateSolution": (
        "Checks recipe and hyperparameters; trains by schedule, first after an hour.",
        "AutoML is refused, as AWS no longer offers it.",
    ),
    "CreateSolutionVersion": (
        "Trains in a process of its own, FULL or UPDATE, with HPO; measures on held-out users.",
        "At most as many at a time as there are cores.",
    ),
    **dict.fromkeys(
        [
            "DeleteCampaign",
            "DeleteDataset",
            "DeleteDatasetGroup",
            "DeleteEventTracker",
            "DeleteFilter",
            "DeleteMetricAttribution",
            "DeleteRecommender",
            "DeleteSolution",
        ],
        (GONE, ""),
    ),
    "DeleteSchema": ("Refused while a dataset uses it.", ""),
    "DescribeAlgorithm": ("Hyperparameters, ranges and defaults.", "The image is a name, no image."),
    "DescribeFeatureTransformation": ("Its parameters' defaults.", ""),
    "DescribeRecipe": ("Custom recipes and use cases.", "Descriptions are in own words."),
    **dict.fromkeys(
        [
            "DescribeBatchInferenceJob",
            "DescribeBatchSegmentJob",
            "DescribeDataDeletionJob",
            "DescribeDataset",
            "DescribeDatasetExportJob",
            "DescribeDatasetGroup",
            "DescribeDatasetImportJob",
            "DescribeEventTracker",
            "DescribeFilter",
            "DescribeMetricAttribution",
            "DescribeSchema",
            "DescribeSolution",
            "DescribeSolutionVersion",
        ],
        (SHOWS, ""),
    ),
    "DescribeCampaign": (
        SHOWS + " With `latestCampaignUpdate`.",
        "`$LATEST` is shown as the version it means.",
    ),
    "DescribeRecommender": (SHOWS + " With metrics and `latestRecommenderUpdate`.", ""),
    "GetSolutionMetrics": (
        "The metrics of the guide, on users whose newest events the model did not see; of segments, on all users.",
        "Values can't equal those of AWS, which splits in a way of its own. Coverage of segments is the share of"
        " users in any of them: the guide does not define it.",
    ),
    **dict.fromkeys(
        [
            "ListBatchInferenceJobs",
            "ListBatchSegmentJobs",
            "ListCampaigns",
            "ListDataDeletionJobs",
            "ListDatasetExportJobs",
            "ListDatasetGroups",
            "ListDatasetImportJobs",
            "ListDatasets",
            "ListEventTrackers",
            "ListFilters",
            "ListMetricAttributionMetrics",
            "ListMetricAttributions",
            "ListRecommenders",
            "ListSchemas",
            "ListSolutions",
        ],
        (PAGES, ""),
    ),
    "ListRecipes": ("All recipes by name, in pages; with `domain` its use cases.", ""),
    "ListSolutionVersions": (PAGES, ""),
    "ListTagsForResource": ("Tags by key.", ""),
    "StartRecommender": ("START PENDING, START IN_PROGRESS, ACTIVE.", ""),
    "StopRecommender": ("STOP PENDING, STOP IN_PROGRESS, INACTIVE; requests are refused.", ""),
    "StopSolutionVersionCreation": ("CREATE STOPPING, CREATE STOPPED; its process ends.", ""),
    "TagResource": ("At most 50 on a resource.", "Tags don't control access."),
    "UntagResource": ("Removes tags.", ""),
    "UpdateCampaign": (
        "The old version serves until the new one is loaded; shown by latestCampaignUpdate.",
        "A campaign that is CREATE FAILED is refused, unless its model's files were lost: delete it and make it anew.",
    ),
    "UpdateDataset": (
        "Another schema, with more fields that can be null: UPDATE PENDING, UPDATE IN_PROGRESS, ACTIVE.",
        "",
    ),
    "UpdateMetricAttribution": ("Adds and removes metrics.", ""),
    "UpdateRecommender": ("Changes its configuration while it serves.", "Does not train again."),
    "UpdateSolution": ("Changes automatic training.", ""),
    "GetActionRecommendations": (
        "Actions with propensities, by how often all users and this one took them; filters.",
        "A model of counts stands for aws-next-best-action: items, their interactions, expiry and repeat frequency"
        " of actions are not used, and there must be action interactions to train.",
    ),
    "GetPersonalizedRanking": ("Ranks up to 500 items with scores; filters and contexts.", ""),
    "GetRecommendations": (
        "Items by user or item, with filters, promotions, metadata and exploration; scores where the service has them.",
        "Scores have the form of AWS, not its values. The -v2 recipes add no popular placeholder items where a filter"
        " leaves fewer than were asked for.",
    ),
    "PutActionInteractions": (
        "On disk before it is answered; at once in filters, in propensities after the next training.",
        "",
    ),
    "PutActions": ("On disk before it is answered; soon recommended, with a propensity of 0.", ""),
    "PutEvents": (
        "On disk before it is answered; in the next recommendation, in trends within seconds.",
        "No rate is limited.",
    ),
    "PutItems": ("On disk first; counts at once in filters and metadata recipes.", "No rate is limited."),
    "PutUsers": ("On disk first; counts at once in filters and metadata recipes.", "No rate is limited."),
}


def table() -> str:
    """Markdown, a row for each operation that `CALLS` makes."""
    lines = ["| Operation | What it does | Where it differs from AWS |", "| --- | --- | --- |"]
    lines += [f"| {name} | {DOES[name][0]} | {DOES[name][1]} |" for name in CALLS]
    return "\n".join(lines)


def inserted(text: str) -> str:
    """The README with its tables as they are to be."""
    for begin, end, markdown in ((BEGIN, END, table()), (BEGIN_MEMBERS, END_MEMBERS, members.table())):
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{markdown}\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    README.write_text(inserted(README.read_text()))
