"""The answer for a bundle as the JSON that the case bundle's format describes."""

from typing import Any

import numpy as np

from incidents.attribution.bundles.evidence import BundleCase
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.findings import Attribution, ChangeFinding, Estimate, EvidenceItem

LEAST = 5e-5  # smaller shares of a ticket go to "none"


def result_object(
    *, case: str, seconds: float, bundle: BundleCase, found: Attribution, tickets: bool
) -> dict[str, Any]:
    """Return the object that `attribute --json` prints for one bundle."""
    out: dict[str, Any] = {
        "case": case,
        "seconds": round(seconds, 4),
        "changes": [_change(change) for change in found.changes],
        "unattributed": {"excess": _interval(found.unattributed)},
    }
    if found.rises:
        out["unattributed"]["rises"] = [_rise(bundle, found, index) for index in range(len(found.rises))]
    if tickets:
        out["tickets"] = ticket_probabilities(bundle, found)
    return out


def _interval(estimate: Estimate, digits: int = 3) -> dict[str, float]:
    return {
        "estimate": round(estimate.value, digits),
        "low": round(estimate.low, digits),
        "high": round(estimate.high, digits),
    }


def _change(change: ChangeFinding) -> dict[str, Any]:
    return {
        "id": change.key,
        "probability": round(change.probability, 6),
        "verdict": change.verdict,
        "excess": _interval(change.excess),
        "rate_ratio": _interval(change.rate_ratio),
        "symptoms": {
            own.symptom: {"excess": _interval(own.excess), "rate_ratio": _interval(own.rate_ratio)}
            for own in change.symptoms
        },
        "lag_hours": None if change.lag_hours is None else round(change.lag_hours, 1),
        "evidence": [_evidence(item) for item in change.evidence],
        "indistinguishable_from": list(change.indistinguishable_from),
        "set_probability": round(change.set_probability, 6),
    }


def _evidence(item: EvidenceItem) -> dict[str, Any]:
    detail: dict[str, Any] = _interval(item.estimate)
    if item.other is not None:
        detail["other"] = item.other
    return {"kind": item.kind, "direction": item.direction, "detail": detail}


def _rise(bundle: BundleCase, found: Attribution, index: int) -> dict[str, Any]:
    rise = found.rises[index]
    dimensions = bundle.evidence.dimensions
    return {
        "excess": _interval(rise.excess),
        "start": bundle.instant(rise.start),
        "end": bundle.instant(rise.end),
        "scope": {dimensions[dim].name: [dimensions[dim].values[v] for v in values] for dim, values in rise.scope},
        "symptom": rise.symptom,
    }


def ticket_probabilities(bundle: BundleCase, found: Attribution) -> list[dict[str, Any]]:
    """Return each ticket's probabilities: a ticket with several symptoms gets their weighted mean; sums to 1."""
    keys = [change.key for change in found.changes]
    n = len(bundle.ticket_ids)
    table = np.zeros((n, len(keys)))
    probabilities = found.cell_probabilities
    for column in range(len(keys)):
        table[:, column] = tally(bundle.label_ticket, bundle.label_weight * probabilities[bundle.label_cell, column], n)
    table[table < LEAST] = 0.0
    table = table.round(6)
    none = np.round(1.0 - table.sum(1), 6)
    out: list[dict[str, Any]] = [
        {"id": key, "probabilities": {"none": share}}
        for key, share in zip(bundle.ticket_ids, none.tolist(), strict=True)
    ]
    rows, columns = np.nonzero(table)
    for row, column, share in zip(rows.tolist(), columns.tolist(), table[rows, columns].tolist(), strict=True):
        out[row]["probabilities"][keys[column]] = share
    return out
