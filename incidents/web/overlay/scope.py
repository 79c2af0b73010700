"""Which side of a scope or of a segment filter a pattern lies on."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from incidents.catalog.queries import UNKNOWN

Row = TypeVar("Row")


def side_of(pattern: Mapping[str, str], scope: Mapping[str, Sequence[str]]) -> str:
    """Return "inside" if every scoped dimension has one of its values, "outside" if one has another, else "unknown"."""
    stated = [pattern.get(dimension) for dimension in scope]
    for value, wanted in zip(stated, scope.values(), strict=True):
        if value is not None and value not in wanted:
            return "outside"
    return "unknown" if None in stated else "inside"


def split_by_scope(
    rows: Sequence[Row], pattern_of: Callable[[Row], Mapping[str, str]], scope: Mapping[str, Sequence[str]]
) -> tuple[list[Row], list[Row]] | None:
    """Return the rows inside and outside a scope, or None where they do not tell the two apart.

    Rows of several cuts of the same users (by surface, by surface and model) are never added up: one cut is taken, that
    which tells most of the scope's dimensions and, of those, the coarsest. A dimension of the scope that it does not
    tell is left out, so that the inside holds users whom the change did not reach.
    """
    by_cut: dict[frozenset[str], tuple[list[Row], list[Row]]] = {}
    for row in rows:
        pattern = pattern_of(row)
        told = {dimension: values for dimension, values in scope.items() if dimension in pattern}
        inside, outside = by_cut.setdefault(frozenset(pattern), ([], []))
        (inside if told and side_of(pattern, told) == "inside" else outside).append(row)
    apart = [cut for cut, (inside, outside) in by_cut.items() if inside and outside]
    return by_cut[min(apart, key=lambda cut: (-len(cut & scope.keys()), len(cut), sorted(cut)))] if apart else None


def passes(pattern: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a pattern meets a segment filter; what it does not state counts as "not stated"."""
    return all(pattern.get(dimension, UNKNOWN) in values for dimension, values in wanted.items())
