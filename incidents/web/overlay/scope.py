"""Complaints inside and outside a change's scope: the plain contrast that needs no model."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from incidents.changes.queries import Change
from incidents.charts.axis import DAY, Bins
from incidents.charts.typed import Numbers
from incidents.tickets.queries import counts_by_segment, segment_patterns
from incidents.web.overlay.state import OverlayState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Complaints per bin: known to be in the scope, known not to be, and those that do not say."""

    inside: Numbers
    outside: Numbers
    unknown: Numbers


def side_of(pattern: Mapping[str, str], scope: Mapping[str, Sequence[str]]) -> str:
    """Return "inside" if every scoped dimension has one of its values, "outside" if one has another, else "unknown"."""
    stated = [pattern.get(dimension) for dimension in scope]
    for value, wanted in zip(stated, scope.values(), strict=True):
        if value is not None and value not in wanted:
            return "outside"
    return "unknown" if None in stated else "inside"


def scope_sides(state: OverlayState, change: Change, bins: Bins) -> Sides:
    """Count both sides per bin under the page's filter; a change without a scope has everything inside."""
    spread = state.zone if bins.step < DAY else None
    counts = counts_by_segment(state.complaints(bins.edges[0], bins.edges[-1]), bins.edges, spread_days=spread)
    patterns = segment_patterns(list(counts))
    found: dict[str, Numbers] = defaultdict(lambda: np.zeros(bins.n))
    for segment, values in counts.items():
        found[side_of(patterns.get(segment, {}), change.scope)] += values
    return Sides(inside=found["inside"], outside=found["outside"], unknown=found["unknown"])
