"""What `make check` refuses and what the service refuses are the same: filter expressions and hyperparameters.

Two copies of the service's rules, on purpose: the application knows them before anything runs, and imports no service.
"""

from __future__ import annotations

import random

import pytest

from airflow_personalize.export.schema.avro import parse_schema
from encore.config import hyperparameters
from encore.config.filter_expressions import FilterExpressionError
from encore.config.filters import check_expression
from encore.config.recipes import RECIPES
from localpersonalize.recipes.registry import all_recipes
from localpersonalize.runtime.filters.errors import FilterError
from localpersonalize.runtime.filters.parser import parse
from localpersonalize.runtime.filters.validation import validate

NAMESPACE = "com.amazonaws.personalize.schema"
SCHEMAS = {
    "INTERACTIONS": [
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("TIMESTAMP", "long"),
        ("EVENT_TYPE", "string"),
    ],
    "ITEMS": [
        ("ITEM_ID", "string"),
        ("GENRE", "category"),
        ("PRICE", "double"),
        ("YEAR", "int"),
        ("COLOUR", "category"),
        ("SIZE", "category"),
        ("WEIGHT", "float"),
        ("PLOT", "text"),
        ("SOLD", "boolean"),
    ],
    "USERS": [("USER_ID", "string"), ("AGE", "int"), ("CITY", "category")],
}


def schema_of(kind):
    """The Avro schema of a dataset type."""

    def field(name, declared):
        flags = {"category": {"categorical": True}, "text": {"textual": True}}.get(declared, {})
        return {"name": name, "type": "string" if flags else declared, **flags}

    fields = [field(*entry) for entry in SCHEMAS[kind]]
    return {
        "type": "record",
        "name": kind.capitalize(),
        "namespace": NAMESPACE,
        "fields": fields,
        "version": "1.0",
    }


DEFINITIONS = {kind: schema_of(kind) for kind in SCHEMAS}
PARSED = {kind: parse_schema(definition) for kind, definition in DEFINITIONS.items()}
WORDS = (
    "INCLUDE EXCLUDE include ItemID Item_ID UserID ActionID WHERE where IF AND OR and IN NOT_IN in NOT "
    "Items Interactions Item_Interactions Users CurrentUser CurrentItem Actions Nothing ; ( ) , | . * "
    "GENRE PRICE YEAR AGE CITY PLOT SOLD EVENT_TYPE nothing = < <= > >= 1 -2.5 1e3 .5 $P $Q "
    '"rock" "*" "$P" "\\" "open'
)


def service_refuses(text):
    try:
        validate(parse(text), DEFINITIONS)
    except FilterError as error:
        return str(error)
    return None


def check_refuses(text):
    try:
        check_expression(text, PARSED)
    except FilterExpressionError as error:
        return str(error)
    return None


def an_expression(choose):
    """A filter that is mostly right, in the words of the grammar."""
    target = choose.choice(["ItemID"] * 4 + ["UserID"])
    source = choose.choice(["Items", "Interactions"] if target == "ItemID" else ["Users", "interactions"])
    conditions = f" {choose.choice(['AND', 'or'])} ".join(
        a_condition(choose, source) for _ in range(choose.randint(1, 3))
    )
    tail = f" IF {a_condition(choose, 'CurrentUser')}" if choose.random() < 0.3 else ""
    chained = f" | {an_expression(choose)}" if choose.random() < 0.2 else ""
    return f"{choose.choice(['INCLUDE', 'exclude'])} {target} WHERE {conditions}{tail}{chained}"


TEXTS, NUMBERS = ["GENRE", "genre", "COLOUR"], ["PRICE", "YEAR", "year"]


def a_condition(choose, source):
    """One in eight has a field or a value that may not fit."""
    texts, numbers = {
        "Items": (TEXTS, NUMBERS),
        "Users": (["CITY"], ["AGE"]),
        "CurrentUser": (["CITY", "city"], ["AGE"]),
    }.get(source, (["EVENT_TYPE", "event_type"], []))
    is_text = not numbers or choose.random() < 0.5
    name = choose.choice(texts if is_text else numbers)
    listed = ['"rock"', '"a"'] if is_text else ["3", "-1.5", "2e1"]
    operators = ["IN", "NOT IN", "not_in"]
    if numbers:
        operators = ["IN", "NOT IN", "="] if is_text else ["IN", "=", "<", ">="]
    operator = choose.choice(operators)
    if choose.random() < 0.125:
        name = choose.choice([name, "PLOT", "SOLD", "NOTHING", "EVENT_TYPE", *TEXTS, *NUMBERS])
        operator = choose.choice(["IN", "NOT IN", "=", "<"])
        listed = ['"rock"', "$P", "3", '"*"']
    if operator.upper().replace("_", " ") in {"IN", "NOT IN"}:
        values = ", ".join(choose.choice(listed) for _ in range(choose.randint(1, 3)))
        value = choose.choice([*[f"({values})"] * 12, "($P)", "(*)", "CurrentItem.GENRE", "CurrentItem.YEAR"])
    else:
        value = choose.choice([*listed * 3, "$P", f"(({listed[0]}))", "CurrentItem.YEAR", "Items.YEAR"])
    return f"{source}.{name} {operator} {value}"


def broken(choose, text):
    """The text with a word left out, put in, or written twice."""
    words = text.split(" ")
    position = choose.randrange(len(words))
    words[position : position + choose.randint(0, 1)] = choose.choices(WORDS.split(), k=choose.randint(0, 2))
    return " ".join(words)


@pytest.mark.parametrize("seed", range(4))
def test_both_take_and_refuse_the_same_filters(seed):
    choose = random.Random(seed)
    accepted = 0
    for number in range(1_500):
        text = an_expression(choose)
        if number % 3 == 0:
            text = broken(choose, text)
        service, check = service_refuses(text), check_refuses(text)
        assert bool(service) == bool(check), f"{text!r}: the service says {service}, make check says {check}"
        accepted += service is None
    assert 300 < accepted < 1_200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INCLUDE",
        "INCLUDE ItemID WHERE Items.GENRE IN (" + ", ".join(f"$P{number}" for number in range(26)) + ")",
        "INCLUDE ItemID WHERE " + " AND ".join(f"Items.{name} = 1" for name in ("PRICE", "YEAR", "WEIGHT")),
        'INCLUDE ItemID WHERE Items.GENRE IN ("a") AND Items.PRICE > 1 AND Items.YEAR > 1 AND Items.COLOUR IN '
        '("a") AND Items.SIZE IN ("a") AND Items.WEIGHT > 1',
        'INCLUDE UserID WHERE Users.AGE > 1 | INCLUDE ItemID WHERE Items.GENRE IN ("a")',
        'INCLUDE ItemID WHERE Items.GENRE IN ("a") IF CurrentUser.CITY = CurrentItem.GENRE AND CurrentUser.AGE > 1',
        'INCLUDE ActionID WHERE Actions.VALUE IN ("a")',
        "INCLUDE ItemID WHERE Items.PRICE = 1x",
        'INCLUDE ItemID WHERE Items . GENRE IN("a")IF CurrentUser.AGE>1',
    ],
)
def test_both_agree_at_the_edges(text):
    assert bool(service_refuses(text)) == bool(check_refuses(text)), (
        service_refuses(text),
        check_refuses(text),
    )


def spec_range(spec):
    if spec.values:
        return hyperparameters.Range(values=spec.values)
    return hyperparameters.Range(spec.low, spec.high, spec.kind == "integer")


def test_both_know_the_same_hyperparameters_and_ranges():
    tables = {
        "algorithm": hyperparameters.ALGORITHM,
        "feature_transformation": hyperparameters.FEATURE_TRANSFORMATION,
    }
    ours = {
        (recipe, group, name): known
        for group, table in tables.items()
        for recipe, names in table.items()
        for name, known in names.items()
    }
    service = {
        (recipe.name, spec.group, spec.name): spec_range(spec)
        for recipe in all_recipes()
        for spec in recipe.hyperparameters.specs()
        if spec.group in tables and recipe.name in RECIPES
    }
    assert ours == service


@pytest.mark.parametrize(
    "recipe", [recipe for recipe in all_recipes() if recipe.name in RECIPES], ids=lambda known: known.name
)
def test_both_take_the_same_values(recipe):
    for spec in recipe.hyperparameters.specs():
        key = {
            "algorithm": "algorithmHyperParameters",
            "feature_transformation": "featureTransformationParameters",
        }.get(spec.group)
        if spec.values == ("true", "false"):
            continue  # localpersonalize reads any spelling of a boolean, the guide names two
        edges = [] if spec.low is None else [spec.low, spec.high, spec.low - 1, spec.high + 1]
        for value in (*edges, *spec.values, "0", "-1", "0.5", "1.5", "3", "nan", "x", "", "True"):
            try:
                recipe.hyperparameters.parse({spec.name: str(value)}, recipe.name)
                accepted = True
            except ValueError:
                accepted = False
            if key is not None:
                assert accepted == (
                    not list(hyperparameters.refused(recipe.name, key, {spec.name: str(value)}))
                ), (spec.name, value)
