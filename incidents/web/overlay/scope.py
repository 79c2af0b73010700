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

    Rows of several cuts of the same users (by surface, by surface and model) are never added up: the coarsest cut that
    tells both sides apart is taken.
    """
    by_cut: dict[frozenset[str], tuple[list[Row], list[Row]]] = {}
    for row in rows:
        pattern = pattern_of(row)
        inside, outside = by_cut.setdefault(frozenset(pattern), ([], []))
        side = side_of(pattern, scope)
        if side != "unknown":
            (inside if side == "inside" else outside).append(row)
    told = [cut for cut, (inside, outside) in by_cut.items() if inside and outside]
    return by_cut[min(told, key=lambda cut: (len(cut), sorted(cut)))] if told and scope else None


def passes(pattern: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a pattern meets a segment filter; what it does not state counts as "not stated"."""
    return all(pattern.get(dimension, UNKNOWN) in values for dimension, values in wanted.items())
