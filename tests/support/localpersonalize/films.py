"""A dataset group of films, with titles, genres and devices that people can make sense of, and all kinds of jobs."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.localpersonalize.live import Live, schema
from tests.support.localpersonalize.shop import RECIPE

GENRES = ("Comedy", "Crime", "Drama", "Science fiction", "Western")
FIRST = (
    "Paper",
    "Silent",
    "Golden",
    "Last",
    "Northern",
    "Hidden",
    "Broken",
    "Distant",
    "Electric",
    "Second",
    "Burning",
    "Quiet",
)
SECOND = ("Harbour", "Letters", "Orbit", "Canyon", "Verdict")
DEVICES = ("phone", "tv")
EVIL_ID, EVIL_TITLE = "<script>alert('id')</script>", '<b onclick=alert(1)>Bold</b> & "quoted"'
NEWEST_EVENT = 1_760_000_000
USERS, EVENTS = 100, 30

INTERACTIONS = schema(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
    {"name": "DEVICE", "type": "string", "categorical": True},
)
ITEMS = schema(
    "Items",
    ("ITEM_ID", "string"),
    ("TITLE", "string"),
    {"name": "GENRE", "type": "string", "categorical": True},
    ("YEAR", "int"),
)
PEOPLE = schema(
    "Users", ("USER_ID", "string"), ("AGE", "int"), {"name": "CITY", "type": "string", "categorical": True}
)


def films() -> list[tuple[str, str, str, int]]:
    """Id, title, genre and year of each."""
    listed = [
        (f"film-{number:02}", f"{first} {second}", GENRES[number % len(GENRES)], 1950 + 7 * number % 75)
        for number, (first, second) in enumerate((f, s) for s in SECOND for f in FIRST)
    ]
    return [*listed, (EVIL_ID, EVIL_TITLE, "Comedy", 2001)]


def watched(users: int = USERS, events: int = EVENTS) -> list[tuple[str, str, str, int, str]]:
    """User, item, event type, time and device: everybody likes two genres, and one film is liked by all."""
    chance = random.Random(4)
    by_genre = {genre: [film[0] for film in films() if film[2] == genre] for genre in GENRES}
    rows = []
    for user in range(users):
        liked = [film for genre in chance.sample(GENRES, 2) for film in by_genre[genre]]
        for event in range(events):
            item = EVIL_ID if event % 11 == 0 else chance.choice(liked)
            kind = "Watch" if event % 3 else "Click"
            rows.append(
                (
                    f"user-{user:03}",
                    item,
                    kind,
                    NEWEST_EVENT - (events - event) * 3600 - user,
                    chance.choice(DEVICES),
                )
            )
    return rows


def people(users: int = USERS) -> list[tuple[str, int, str]]:
    return [(f"user-{n:03}", 18 + n * 7 % 60, ("Lisbon", "Oslo", "Turin")[n % 3]) for n in range(users)]


def as_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, escapechar="\\", doublequote=False, lineterminator="\n")
    writer.writerows([header, *rows])
    return text.getvalue()


@dataclass
class Films:
    """The group and its parts, in a service of its own."""

    live: Live
    role: str = ""
    group: str = ""
    interactions: str = ""

    def build(self) -> Films:
        """Data, a filter, a tracker, two solutions with a campaign each, and an import that failed."""
        self.role = self.live.prepare()
        self.group = self.live.make("DatasetGroup", name="films")
        self.interactions = self._dataset("Interactions", INTERACTIONS)
        self._import(
            self.interactions,
            "interactions",
            as_csv(("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP", "DEVICE"), watched()),
        )
        self._import(
            self._dataset("Items", ITEMS), "items", as_csv(("ITEM_ID", "TITLE", "GENRE", "YEAR"), films())
        )
        users = self._dataset("Users", PEOPLE)
        self._import(users, "users", as_csv(("USER_ID", "AGE", "CITY"), people()))
        self._import(users, "users-again", "USER_ID,AGE,CITY\nuser-000,young,Oslo\n", "CREATE FAILED")
        self.live.personalize.create_event_tracker(name="clicks", datasetGroupArn=self.group)
        expression = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.YEAR >= $SINCE"
        self.live.make(
            "Filter", name="genre-and-year", datasetGroupArn=self.group, filterExpression=expression
        )
        unseen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
        self.live.make("Filter", name="not-watched", datasetGroupArn=self.group, filterExpression=unseen)
        self._campaign("popular", "aws-popularity-count", versions=2)
        self._campaign("for-you", "aws-user-personalization", {"hidden_dimension": "32", "bptt": "8"})
        return self

    def begin_training(self) -> str:
        """A version that takes long enough to be looked at; its ARN."""
        solution = self.live.make(
            "Solution",
            name="long",
            datasetGroupArn=self.group,
            recipeArn=RECIPE + "aws-hrnn",
            performAutoTraining=False,
            solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "256", "bptt": "32"}},
        )
        return self.live.make("SolutionVersion", wait=False, solutionArn=solution)

    def _dataset(self, kind: str, avro: str) -> str:
        made = self.live.personalize.create_schema(name=f"films-{kind}", schema=avro)
        return self.live.make(
            "Dataset", name=kind, datasetType=kind, datasetGroupArn=self.group, schemaArn=made["schemaArn"]
        )

    def _import(self, dataset: str, name: str, text: str, status: str = "ACTIVE") -> None:
        made = self.live.personalize.create_dataset_import_job(
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": self.live.upload(f"{name}.csv", text)},
            roleArn=self.role,
            importMode="FULL",
        )
        self.live.wait("DatasetImportJob", made["datasetImportJobArn"], status)

    def _campaign(
        self, name: str, recipe: str, hyperparameters: dict[str, str] | None = None, versions: int = 1
    ) -> None:
        config = {"algorithmHyperParameters": hyperparameters} if hyperparameters else {}
        solution = self.live.make(
            "Solution",
            name=name,
            datasetGroupArn=self.group,
            recipeArn=RECIPE + recipe,
            performAutoTraining=False,
            solutionConfig=config,
        )
        for _ in range(versions):
            version = self.live.make("SolutionVersion", solutionArn=solution)
        exploration = (
            {"itemExplorationConfig": {"explorationWeight": "0"}}
            if recipe == "aws-user-personalization"
            else {}
        )
        self.live.make("Campaign", name=name, solutionVersionArn=version, campaignConfig=exploration)
