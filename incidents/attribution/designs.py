"""What would have told a run's ambiguous changes apart: the case's own design, evaluated again with one thing moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from incidents.attribution.casefile import Casefile
from incidents.stats.attribution.findings import Attribution
from incidents.stats.attribution.separation import Separator, design_report

MOST_CHANGES = 12
MOST_PAIRS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One remedy: `kind` and `amount` as in `stats.attribution.separation`; the change that moves, and the segment."""

    kind: str
    amount: float
    change: str | None
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWays:
    """A pair of ambiguous changes (row ids as text), and what would have told them apart."""

    first: str
    second: str
    ways: tuple[Way, ...]


def ways_apart(case: Casefile, found: Attribution) -> list[dict[str, Any]]:
    """Return the pairs of changes that a run could not tell apart, with remedies, as the stored result holds them."""
    ambiguous = sorted(
        (one for one in found.changes if one.indistinguishable_from), key=lambda one: (-one.probability, one.key)
    )[:MOST_CHANGES]
    keys = {one.key for one in ambiguous}
    if len(keys) < 2:
        return []
    chosen = tuple(change for change in case.evidence.changes if change.key in keys)
    others = {one.key: set(one.indistinguishable_from) for one in ambiguous}
    # an excess whose owner is open is as large as what its possible owners hold together
    excess = {one.key: one.excess.value for one in found.changes}
    sizes = np.array([excess[c.key] + sum(excess[key] for key in others[c.key] & keys) for c in chosen])
    report = design_report(
        replace(case.evidence, changes=chosen),
        dispersion=found.diagnostics.day_dispersion,
        sizes=sizes,
        most=MOST_PAIRS,
    )
    return [
        {"first": int(pair.first), "second": int(pair.second), "ways": [_told(case, one) for one in pair.separators]}
        for pair in report.pairs
        if pair.separators and pair.second in others[pair.first]
    ]


def _told(case: Casefile, one: Separator) -> dict[str, Any]:
    segment = ""
    if one.dimension is not None and one.value is not None:
        dimension = case.evidence.dimensions[one.dimension]
        segment = f"{dimension.name}={dimension.values[one.value]}"
    return {
        "kind": one.kind,
        "amount": round(one.amount, 2),
        "change": None if one.change is None else int(one.change),
        "segment": segment,
        "discrimination": round(one.discrimination, 3),
    }


def read_ways(told: Sequence[Mapping[str, Any]]) -> tuple[PairWays, ...]:
    """Return what `ways_apart` wrote."""
    return tuple(
        PairWays(
            first=str(pair["first"]),
            second=str(pair["second"]),
            ways=tuple(
                Way(
                    kind=one["kind"],
                    amount=one["amount"],
                    change=None if one["change"] is None else str(one["change"]),
                    segment=one["segment"],
                )
                for one in pair["ways"]
            ),
        )
        for pair in told
    )
