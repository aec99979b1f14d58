"""What a value of a dataset may be, however it comes: in a CSV file or in a request.

Sources, pages of the service's developer guide: "Amazon Personalize endpoints and quotas" (characters of ids, of
categorical values and impressions, of text), "Preparing item metadata for training" (text over its limit is cut off),
"Custom dataset and schema requirements" (names of fields that no value may be), "Preparing training data" (times are
epoch seconds) and botocore's model of PutEvents (characters of an event type). The whole list is in docs/data-rules.md.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.datasets.schemas import REQUIRED_FIELDS, RESERVED_FIELDS, Field

MAX_ID, MAX_EVENT_TYPE, MAX_CATEGORICAL, MAX_IMPRESSION = 256, 256, 1_000, 1_000
MAX_TEXT, MAX_TEXT_CJK = 20_000, 7_000
#: The end of year 9999: a larger time is not in seconds.
LAST_SECOND = 253_402_300_799
TIMES = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP"})
IDS = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
INTEGERS = {"int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
LARGEST = {"float": 3.4028234663852886e38, "double": 1.7976931348623157e308}
#: Names of required and reserved fields: "the keywords can't be in your data".
KEYWORDS = frozenset(
    name
    for table in (REQUIRED_FIELDS, RESERVED_FIELDS)
    for kind in ("INTERACTIONS", "USERS", "ITEMS")
    for name in table[kind]
)
_CJK = r"[\p{Han}\p{Hiragana}\p{Katakana}]"


def most_characters(field: Field) -> int | None:
    """How long a value of this string field may be, None for text and plain strings."""
    if field.column in IDS:
        return MAX_ID
    if field.column == "EVENT_TYPE":
        return MAX_EVENT_TYPE
    if field.column == "IMPRESSION" or field.categorical:
        return MAX_IMPRESSION
    return None


def text_limit(text: str) -> int:
    """Characters that are kept of a text: fewer of Chinese and Japanese ones, known by their script."""
    if len(text) <= MAX_TEXT_CJK:
        return MAX_TEXT
    script = pc.count_substring_regex(pa.scalar(text), _CJK).as_py()
    return MAX_TEXT_CJK if 2 * script > len(text) else MAX_TEXT
