"""A small shop in a live service: one of every kind of resource, ready to be asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.localpersonalize.live import BUCKET, Live, schema

CATEGORICAL = {"name": "CATEGORY", "type": "string", "categorical": True}
INTERACTIONS = schema(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("EVENT_VALUE", ["null", "float"]),
    ("TIMESTAMP", "long"),
)
ITEMS = schema("Items", ("ITEM_ID", "string"), CATEGORICAL, ("PRICE", ["null", "float"]))
WIDER_USERS = schema(
    "Users", ("USER_ID", "string"), {**CATEGORICAL, "name": "SEGMENT"}, ("AGE", ["null", "int"])
)
USERS = schema("Users", ("USER_ID", "string"), {**CATEGORICAL, "name": "SEGMENT"})
ACTIONS = schema("Actions", ("ACTION_ID", "string"), {**CATEGORICAL, "name": "KIND"})
ACTION_INTERACTIONS = schema(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
)
SCHEMAS = {
    "Interactions": INTERACTIONS,
    "Items": ITEMS,
    "Users": USERS,
    "Actions": ACTIONS,
    "Action_Interactions": ACTION_INTERACTIONS,
}
NEWEST_TIMESTAMP = 1_700_000_000
N_USERS, N_ITEMS = 60, 20


def interactions(
    users: int = N_USERS, items: int = N_ITEMS, event_type: str = "Purchase", events_per_user: int = 20
) -> str:
    """CSV: every user goes through the items in order, from a place of their own."""
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"]
    for user in range(users):
        for step in range(events_per_user):
            lines.append(
                f"u{user},i{(user + step) % items},{event_type},1.5,{NEWEST_TIMESTAMP - (events_per_user - step) * 60}"
            )
    return "\n".join(lines)


def items(number: int = N_ITEMS) -> str:
    lines = [f"i{n},{'red' if n % 2 else 'blue'},{n}.5" for n in range(number)]
    return "\n".join(["ITEM_ID,CATEGORY,PRICE", *lines])


def users(number: int = N_USERS) -> str:
    return "\n".join(["USER_ID,SEGMENT", *(f"u{n},{'old' if n % 3 else 'new'}" for n in range(number))])


def actions(number: int = 5) -> str:
    return "\n".join(["ACTION_ID,KIND", *(f"a{n},{'mail' if n % 2 else 'call'}" for n in range(number))])


def action_interactions(users: int = N_USERS, number: int = 5) -> str:
    lines = [
        f"u{user},a{(user + step) % number},{'Taken' if step % 2 else 'Viewed'},{NEWEST_TIMESTAMP - step * 60}"
        for user in range(users)
        for step in range(20)
    ]
    return "\n".join(["USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP", *lines])


RECIPE = "arn:aws:personalize:::recipe/"


@dataclass
class Shop:
    """ARNs by short names: `group`, `dataset Items`, `solution`, `version`, `campaign`, ..."""

    live: Live
    role: str = ""
    arns: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.arns[name]

    def __setitem__(self, name: str, arn: str) -> None:
        self.arns[name] = arn

    def build(self) -> Shop:
        live = self.live
        self.role = live.prepare()
        self["group"] = live.make("DatasetGroup", name="shop")
        for kind, text in SCHEMAS.items():
            made = live.personalize.create_schema(name=kind.replace("_", "-"), schema=text)
            self[f"schema {kind}"] = made["schemaArn"]
            self[f"dataset {kind}"] = live.make(
                "Dataset",
                name=kind,
                datasetType=kind,
                datasetGroupArn=self["group"],
                schemaArn=made["schemaArn"],
            )
        tracker = live.personalize.create_event_tracker(name="clicks", datasetGroupArn=self["group"])
        self["tracker"], self["tracking id"] = tracker["eventTrackerArn"], tracker["trackingId"]
        self["import"] = self.import_csv("Interactions", "interactions", interactions())
        self.import_csv("Items", "items", items())
        self.import_csv("Users", "users", users())
        self["solution"] = live.make(
            "Solution",
            name="popular",
            datasetGroupArn=self["group"],
            recipeArn=RECIPE + "aws-popularity-count",
            performAutoTraining=False,
        )
        self["version"] = live.make("SolutionVersion", solutionArn=self["solution"])
        self["campaign"] = live.make("Campaign", name="front", solutionVersionArn=self["version"])
        expression = "EXCLUDE ItemID WHERE Items.CATEGORY IN ($COLOUR)"
        self["filter"] = live.make(
            "Filter", name="colour", datasetGroupArn=self["group"], filterExpression=expression
        )
        return self

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Make a resource the first time somebody asks for it."""
        if name not in self.arns:
            self.arns[name] = make()
        return self.arns[name]

    def domain_group(self) -> str:
        """A dataset group of the ECOMMERCE domain with views and purchases."""

        def make() -> str:
            live = self.live
            group = live.make("DatasetGroup", name="domain", domain="ECOMMERCE")
            texts = {"Interactions": INTERACTIONS, "Items": ITEMS.replace("CATEGORY", "CATEGORY_L1")}
            for kind, text in texts.items():
                made = live.personalize.create_schema(name=f"domain-{kind}", schema=text, domain="ECOMMERCE")
                self[f"dataset domain {kind}"] = live.make(
                    "Dataset",
                    name=f"d-{kind}",
                    datasetType=kind,
                    datasetGroupArn=group,
                    schemaArn=made["schemaArn"],
                )
            views = interactions(event_type="View").split("\n", 1)[1]
            self.import_csv("domain Interactions", "domain", f"{interactions()}\n{views}")
            self.import_csv("domain Items", "domain-items", items().replace("CATEGORY", "CATEGORY_L1"))
            return group

        return self.once("domain group", make)

    def ranking_campaign(self) -> str:
        """A campaign that ranks."""

        def make() -> str:
            solution = self.live.make(
                "Solution",
                name="rank",
                datasetGroupArn=self["group"],
                performAutoTraining=False,
                recipeArn=RECIPE + "aws-personalized-ranking",
                solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "32", "bptt": "8"}},
            )
            version = self.live.make("SolutionVersion", solutionArn=solution)
            return self.live.make("Campaign", name="rank", solutionVersionArn=version)

        return self.once("ranking campaign", make)

    def import_csv(self, kind: str, name: str, text: str, mode: str = "FULL", wait: bool = True) -> str:
        """Import one CSV file into a dataset."""
        self.live.upload(f"in/{name}.csv", text)
        return self.live.make(
            "DatasetImportJob",
            jobName=name,
            datasetArn=self[f"dataset {kind}"],
            roleArn=self.role,
            wait=wait,
            dataSource={"dataLocation": f"s3://{BUCKET}/in/{name}.csv"},
            importMode=mode,
        )
