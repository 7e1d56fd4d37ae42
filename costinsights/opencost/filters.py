"""The filter language in one place: parse it, build it, combine it, render it, judge rows by it."""

from costinsights.opencost.filter_parser import DEEPEST_FILTER, LONGEST_FILTER, parse_filter
from costinsights.opencost.filter_tree import (
    LIST_FIELDS,
    MAP_FIELDS,
    NAME_FIELDS,
    UNALLOCATED,
    WORKING_FIELDS,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    FilterSyntaxError,
    Operator,
    all_of,
    compare,
    equals,
    sanitised,
)

__all__ = [
    "DEEPEST_FILTER",
    "LIST_FIELDS",
    "LONGEST_FILTER",
    "MAP_FIELDS",
    "NAME_FIELDS",
    "UNALLOCATED",
    "WORKING_FIELDS",
    "AllOf",
    "AnyOf",
    "Comparison",
    "Filter",
    "FilterSyntaxError",
    "Operator",
    "all_of",
    "compare",
    "equals",
    "parse_filter",
    "sanitised",
]
