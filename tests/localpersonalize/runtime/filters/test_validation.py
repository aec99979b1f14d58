"""A filter is refused at creation when the datasets of its group can't answer it."""

import pytest

from localpersonalize.runtime.filters import FilterError, parse, validate


def field(name: str, kind: object, **more: object) -> dict[str, object]:
    return {"name": name, "type": kind, **more}


SCHEMAS = {
    "INTERACTIONS": {
        "fields": [field("user_id", "string"), field("item_id", "string"), field("event_type", "string")]
    },
    "ITEMS": {
        "fields": [
            field("ITEM_ID", "string"),
            field("category", ["null", "string"], categorical=True),
            field("price", ["null", "float"]),
            field("stock", "boolean"),
            field("blurb", ["null", "string"], textual=True),
            *(field(f"extra{n}", "long") for n in range(12)),
        ]
    },
    "USERS": {"fields": [field("USER_ID", "string"), field("AGE", "int"), field("TIER", ["null", "string"])]},
}


GOOD = [
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view", $KIND)',
    'INCLUDE ItemID WHERE Items.CATEGORY IN ("hat") AND Items.price < $MAX IF CurrentUser.AGE >= 18',
    'INCLUDE ItemID WHERE Items.ITEM_ID NOT IN ("7")',
    "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.CATEGORY IN CurrentItem.CATEGORY",
    'EXCLUDE UserID WHERE Users.TIER IN ("gold") OR Users.AGE = 3',
    "INCLUDE ItemID WHERE Items.PRICE IN (1, 2)",
    'INCLUDE ItemID WHERE Items.CATEGORY IN ("a") IF CurrentUser.TIER = $TIER',
]


@pytest.mark.parametrize("text", GOOD)
def test_filter_that_fits_its_schemas_is_accepted(text: str) -> None:
    validate(parse(text), SCHEMAS)


BAD = [
    # (expression, column, what the message says)
    ('INCLUDE ItemID WHERE Items.COLOUR IN ("red")', 22, "has no field COLOUR; it has ITEM_ID"),
    ('INCLUDE ItemID WHERE Items.STOCK IN ("true")', 22, "boolean"),
    ('INCLUDE ItemID WHERE Items.BLURB IN ("nice")', 22, "free text"),
    ("INCLUDE ItemID WHERE Items.CATEGORY > 3", 22, "only numbers can be compared by size"),
    ("INCLUDE ItemID WHERE Items.CATEGORY IN (3)", 22, "can't be matched with 3"),
    ('INCLUDE ItemID WHERE Items.PRICE IN ("cheap")', 22, 'can\'t be matched with "cheap"'),
    ("INCLUDE ItemID WHERE Items.CATEGORY NOT IN ($C)", 45, "NOT IN"),
    ("INCLUDE ItemID WHERE Items.CATEGORY IN (*)", 22, "EVENT_TYPE of interactions"),
    ("INCLUDE ItemID WHERE Interactions.TIMESTAMP > 3", 22, "only be filtered by EVENT_TYPE"),
    ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE = "view"', 22, "IN or NOT IN"),
    ('INCLUDE ItemID WHERE Items.PRICE > 1 AND Interactions.EVENT_TYPE IN ("a")', 42, "one dataset only"),
    ("INCLUDE ItemID WHERE Users.AGE > 1", 22, "filtered by Items or Interactions, not Users"),
    ("INCLUDE ItemID WHERE CurrentUser.AGE > 1", 22, "IF condition at the end"),
    ("INCLUDE ItemID WHERE Items.PRICE > 1 IF Items.PRICE > 1", 41, "fields of CurrentUser"),
    ("INCLUDE ItemID WHERE Items.PRICE > CurrentUser.AGE", 36, "from CurrentItem, not from CurrentUser"),
    ("INCLUDE ItemID WHERE Items.PRICE > CurrentItem.CATEGORY", 36, "is a number and"),
    ("INCLUDE UserID WHERE Users.AGE > 1 IF CurrentUser.AGE > 1", 39, "filter users"),
    ('INCLUDE ActionID WHERE Actions.X IN ("a")', 24, "has no ACTIONS dataset"),
]


@pytest.mark.parametrize(("text", "column", "says"), BAD)
def test_filter_that_does_not_fit_tells_why_and_where(text: str, column: int, says: str) -> None:
    with pytest.raises(FilterError) as caught:
        validate(parse(text), SCHEMAS)
    assert caught.value.column == column
    assert says in str(caught.value)


def items_filter(*numbers: int) -> str:
    return "INCLUDE ItemID WHERE " + " AND ".join(f"Items.EXTRA{n} > 0" for n in numbers)


def test_a_filter_has_at_most_five_distinct_fields() -> None:
    validate(parse(items_filter(0, 1, 2, 3, 4, 0)), SCHEMAS)
    with pytest.raises(FilterError, match="6 distinct dataset fields"):
        validate(parse(items_filter(0, 1, 2, 3, 4, 5)), SCHEMAS)


def test_filters_of_a_group_have_at_most_ten_distinct_fields() -> None:
    others = [parse(items_filter(0, 1, 2, 3, 4)), parse(items_filter(5, 6, 7, 8))]
    validate(parse(items_filter(8, 9)), SCHEMAS, others)
    with pytest.raises(FilterError, match="11 distinct dataset fields"):
        validate(parse(items_filter(9, 10)), SCHEMAS, others)
