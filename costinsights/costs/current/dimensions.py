"""What costs can be grouped by, and the value a row has for it."""

from collections.abc import Callable
from dataclasses import dataclass

from costinsights.core.errors import InvalidInput
from costinsights.opencost.filters import UNALLOCATED, sanitised
from costinsights.opencost.schema import AllocatedCost

MOST_DIMENSIONS = 3
LONGEST_LABEL_KEY = 317  # a DNS prefix of 253, a slash, and 63 characters of name

PLAIN = ("cluster", "namespace", "controller_kind", "controller", "pod", "container", "node")
KEYED = ("label", "annotation")
# OpenCost's own name of a dimension in its filter language.
FILTER_FIELDS = {
    "namespace": "namespace",
    "controller_kind": "controllerKind",
    "controller": "controllerName",
    "pod": "pod",
    "container": "container",
    "node": "node",
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing to group by: `namespace`, `label:app`."""

    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.key}" if self.key else self.name

    @property
    def filter_field(self) -> str:
        """The field of the filter language; empty for the cluster, which is a parameter of its own."""
        return self.name if self.key else FILTER_FIELDS.get(self.name, "")

    def reader(self) -> Callable[[AllocatedCost], str]:
        """A function from a row to its value, `__unallocated__` where it has none.

        Not for `cluster`: a row's own cluster id is the same on most installations, so the caller
        knows which of the tenant's clusters a row came from.
        """
        if self.key:
            wanted, of_annotations = sanitised(self.key), self.name == "annotation"

            def read_keyed(row: AllocatedCost) -> str:
                return (row.annotations if of_annotations else row.labels).get(
                    wanted
                ) or UNALLOCATED

            return read_keyed
        attribute = self.name

        def read(row: AllocatedCost) -> str:
            return getattr(row, attribute) or UNALLOCATED

        return read


def parse_dimension(text: str) -> Dimension:
    """From a parameter's text. Raises InvalidInput that names the choices."""
    name, colon, key = text.strip().partition(":")
    if not colon and name in PLAIN:
        return Dimension(name)
    if colon and name in KEYED and 0 < len(key.strip()) <= LONGEST_LABEL_KEY:
        return Dimension(name, key.strip())
    raise InvalidInput(
        f"“{text.strip()}” is nothing to group by. Use {', '.join(PLAIN)}, label:KEY or annotation:KEY.",
        field="aggregate",
        value=text,
    )


def parse_aggregate(text: str) -> tuple[Dimension, ...]:
    """One to three dimensions, separated by commas, each once. Raises InvalidInput."""
    dimensions = tuple(parse_dimension(part) for part in text.split(","))
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidInput(
            f"At most {MOST_DIMENSIONS} dimensions can be combined; {len(dimensions)} were given.",
            field="aggregate",
            value=text,
        )
    if len({str(dimension) for dimension in dimensions}) < len(dimensions):
        raise InvalidInput(
            "A dimension is named twice; name each once.", field="aggregate", value=text
        )
    return dimensions
