"""Filter expressions: parse, validate against schemas, evaluate to masks.

>>> parsed = parse('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")')
>>> apply_filter(parsed, columns, bind(parsed, filter_values), Subject(events={"purchase": rows}))   # doctest: +SKIP
"""

from localpersonalize.runtime.filters.columns import Columns
from localpersonalize.runtime.filters.errors import FilterError, FilterParameterError
from localpersonalize.runtime.filters.evaluation import Subject, apply_filter
from localpersonalize.runtime.filters.parameters import bind
from localpersonalize.runtime.filters.parser import parse
from localpersonalize.runtime.filters.syntax import Filter, Target
from localpersonalize.runtime.filters.validation import validate

__all__ = [
    "Columns",
    "Filter",
    "FilterError",
    "FilterParameterError",
    "Subject",
    "Target",
    "apply_filter",
    "bind",
    "parse",
    "validate",
]
