"""Schemas and CSVs of every kind, made from a seed, for the two copies of the service's rules."""

from __future__ import annotations

import json
import random
from typing import Any

KINDS = ("string", "int", "long", "float", "double", "boolean")
REQUIRED: dict[str, list[tuple[str, str]]] = {
    "Interactions": [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long")],
    "Users": [("USER_ID", "string")],
    "Items": [("ITEM_ID", "string")],
    "Actions": [("ACTION_ID", "string")],
    "ActionInteractions": [
        ("USER_ID", "string"),
        ("ACTION_ID", "string"),
        ("TIMESTAMP", "long"),
        ("EVENT_TYPE", "string"),
    ],
}
RESERVED: dict[str, list[tuple[str, str]]] = {
    "Interactions": [
        ("EVENT_TYPE", "string"),
        ("EVENT_VALUE", "float"),
        ("IMPRESSION", "string"),
        ("RECOMMENDATION_ID", "string"),
        ("EVENT_ATTRIBUTION_SOURCE", "string"),
    ],
    "Users": [],
    "Items": [("CREATION_TIMESTAMP", "long")],
    "Actions": [
        ("VALUE", "float"),
        ("CREATION_TIMESTAMP", "long"),
        ("ACTION_EXPIRATION_TIMESTAMP", "long"),
        ("REPEAT_FREQUENCY", "int"),
    ],
    "ActionInteractions": [],
}
MOST = {"Interactions": 5, "Users": 25, "Items": 100, "Actions": 10, "ActionInteractions": 10}
NAMES = (
    "GENRE",
    "genre_2",
    "Genre_L3",
    "GENRE2",
    "_X",
    "X",
    "A_B",
    "AB",
    "1A",
    "A B",
    "A,B",
    "é",
    "",
    "A" * 80,
    "USERID",
    "Item_Id",
)
TEXTS = (
    "",
    " ",
    "a",
    "é漢🙂",
    "a,b",
    'say "no"',
    "back\\slash",
    "\\",
    '\\"',
    "ends\\",
    '"',
    "two\nlines",
    "cr\rlf\r\n",
    "tab\t",
    "\x00",
    "\x7f",
    "|a",
    "a||b",
    "a|b",
    "a|",
    "null",
    "NULL",
    "NaN",
    "USER_ID",
    "EVENT_TYPE",
    "timestamp",
    "CREATION_TIMESTAMP",
    "i" * 256,
    "i" * 257,
    "é" * 257,
    "c" * 1000,
    "c" * 1001,
    "漢" * 1000,
    "t" * 20_000,
    "t" * 20_001,
    "漢" * 7_000,
    "漢" * 7_001,
    "漢a" * 5_000,
    "=1+1",
    "'",
    "\ufeffx",
    "\u2028",
)
NUMBERS = (
    "",
    "0",
    "-0",
    "7",
    "007",
    "+7",
    " 7",
    "7 ",
    "7.0",
    "7.",
    ".5",
    "7.5",
    "1e3",
    "1E3",
    "1e-400",
    "1e39",
    "1e400",
    "-1e39",
    "nan",
    "NaN",
    "-nan",
    "inf",
    "Infinity",
    "-inf",
    "1,5",
    "1_0",
    "0x1F",
    "0X1f",
    "x",
    "٣",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "16777217",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9" * 40,
    "2006-2007",
    "1970-01-01",
    "--1",
    "1-",
    "1 2",
    "1d",
    "1f",
)
TIMES = ("1700000000", "1700000000000", "0", "-1", "631152000", "253402300799", "253402300800", *NUMBERS)
BOOLEANS = ("", "true", "false", "True", "FALSE", "1", "0", " true", "yes", "t")


class Generator:
    """Everything is drawn from one seeded source."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def sometimes(self, share: float) -> bool:
        return self.random.random() < share

    # --- schemas ---

    def schema(self) -> dict[str, Any]:
        """A schema that is near a good one: each part of it is wrong now and then."""
        pick = self.random.choice
        kind = pick(list(REQUIRED))
        fields = [self._own(name, type_) for name, type_ in REQUIRED[kind] if not self.sometimes(0.03)]
        fields += [self._own(name, type_) for name, type_ in RESERVED[kind] if self.sometimes(0.4)]
        count = pick([0, 1, 1, 2, 2, 3, 3, 4, MOST[kind] - 1, MOST[kind], MOST[kind] + 1])
        fields += [self._metadata(number) for number in range(count)]
        self.random.shuffle(fields)
        definition: dict[str, Any] = {
            "type": "record",
            "name": pick([kind, kind, kind.upper(), kind.lower()]),
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
        if self.sometimes(0.3):
            definition["version"] = pick(["1.1", "2", 1, 1.0, 7])
        if self.sometimes(0.1):
            del definition["version"]
        if self.sometimes(0.05):
            definition.update(
                pick(
                    [
                        {"name": "Visitors"},
                        {"name": "Us_ers"},
                        {"name": kind + "s"},
                        {"type": "map"},
                        {"type": "array"},
                        {"fields": []},
                        {"namespace": "shop"},
                        {"version": ["1.0"]},
                        {"version": {}},
                        {"doc": "a shop"},
                        {"aliases": ["x"]},
                    ]
                )
            )
        return definition

    def good_schema(self) -> dict[str, Any]:
        """A schema for CSVs: every type, with and without null, marked and plain strings."""
        pick = self.random.choice
        kind = pick(list(REQUIRED))
        fields: list[dict[str, Any]] = [{"name": name, "type": type_} for name, type_ in REQUIRED[kind]]
        reserved = [{"name": name, "type": pick([type_, ["null", type_]])} for name, type_ in RESERVED[kind]]
        fields += [field for field in reserved if self.sometimes(0.6)]
        fields.append({"name": "MARKED", "type": pick(["string", ["null", "string"]]), "categorical": True})
        if kind == "Items":
            fields.append({"name": "ABOUT", "type": ["string", "null"], "textual": True})
        for number in range(self.random.randint(0, 4)):
            type_ = pick(KINDS)
            fields.append({"name": f"F{number}", "type": pick([type_, ["null", type_]])})
        lower = self.sometimes(0.3)
        for field in fields:
            field["name"] = field["name"].lower() if lower else field["name"]
        self.random.shuffle(fields)
        return {
            "type": "record",
            "name": kind,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }

    def _own(self, name: str, type_: str) -> dict[str, Any]:
        pick = self.random.choice
        spelled = pick([name, name, name, name.lower(), name.title()])
        declared = pick([type_] * 8 + [["null", type_], [type_, "null"], pick(KINDS)])
        return {"name": spelled, "type": declared, **self._flags(0.05)}

    def _metadata(self, number: int) -> dict[str, Any]:
        pick = self.random.choice
        name = pick(NAMES) if self.sometimes(0.1) else f"F{number}"
        type_ = pick(KINDS)
        odd: list[Any] = ["null", "bytes", "enum", ["null"], [], [type_], ["null", "null", type_]]
        odd += [[type_, pick(KINDS)], {"type": type_}, {"type": "array", "items": type_}, None, 5]
        odd += [["null", {"type": "map", "values": "int"}], {"type": "map"}]
        declared = pick(odd) if self.sometimes(0.05) else pick([type_, ["null", type_], [type_, "null"]])
        flags = self._flags(0.5 if type_ == "string" else 0.04)
        return {"name": name, "type": declared, **flags}

    def _flags(self, share: float) -> dict[str, Any]:
        if not self.sometimes(share):
            return {}
        values = [True, True, True, True, False] + (["true", 1, None] if self.sometimes(0.1) else [])
        names = self.random.choice(
            [["categorical"], ["categorical"], ["categorical"], ["textual"], ["categorical", "textual"]]
        )
        return {name: self.random.choice(values) for name in names}

    # --- values ---

    def value(self, name: str, type_: str, nullable: bool) -> str:
        """A text for a field: mostly good, else at a limit, beyond it, or of another kind."""
        pick, column = self.random.choice, name.upper()
        if self.sometimes(0.6):
            return self._good(column, type_)
        if column in ("TIMESTAMP", "CREATION_TIMESTAMP"):
            return pick(TIMES)
        if type_ == "boolean":
            return pick(BOOLEANS)
        if type_ == "string":
            return pick(TEXTS)
        return pick(NUMBERS)

    def _good(self, column: str, type_: str) -> str:
        pick = self.random.choice
        if column in ("TIMESTAMP", "CREATION_TIMESTAMP"):
            return str(1_700_000_000 + self.random.randint(0, 10**6))
        if type_ == "boolean":
            return pick(["true", "false"])
        if type_ == "string":
            return pick(["a", "b", "x y", "é"]) + str(self.random.randint(0, 99))
        return (
            str(self.random.randint(-1000, 1000))
            if type_ in ("int", "long")
            else f"{self.random.uniform(-9, 9):.3f}"
        )


def quoted(text: str) -> str:
    """A value as the guide writes it, whatever is in it."""
    if not set(text) & set('",\\\r\n'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def types_of(definition: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(name, type, nullable) of each field of a good schema."""
    types = []
    for field in definition["fields"]:
        declared = field["type"] if isinstance(field["type"], list) else [field["type"]]
        types.append((field["name"], next(kind for kind in declared if kind != "null"), "null" in declared))
    return types


def text_of(definition: dict[str, Any]) -> str:
    return json.dumps(definition)[:600]
