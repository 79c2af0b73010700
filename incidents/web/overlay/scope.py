"""Which side of a scope or of a segment filter a pattern lies on."""

from collections.abc import Mapping, Sequence

from incidents.catalog.queries import UNKNOWN


def side_of(pattern: Mapping[str, str], scope: Mapping[str, Sequence[str]]) -> str:
    """Return "inside" if every scoped dimension has one of its values, "outside" if one has another, else "unknown"."""
    stated = [pattern.get(dimension) for dimension in scope]
    for value, wanted in zip(stated, scope.values(), strict=True):
        if value is not None and value not in wanted:
            return "outside"
    return "unknown" if None in stated else "inside"


def passes(pattern: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a pattern meets a segment filter; what it does not state counts as "not stated"."""
    return all(pattern.get(dimension, UNKNOWN) in values for dimension, values in wanted.items())
