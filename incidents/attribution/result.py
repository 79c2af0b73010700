"""The answer for a bundle as the JSON that the case bundle's format describes."""

from typing import Any

import numpy as np

from incidents.attribution.bundles.evidence import BundleCase
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.findings import (
    Attribution,
    ChangeFinding,
    Estimate,
    EvidenceItem,
    Interaction,
    OpenRise,
)

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
    if bundle.n_left_out:
        out["left_out"] = {"rows": bundle.n_left_out, "problems": list(bundle.left_out)}
    if found.rises:
        out["unattributed"]["rises"] = [_rise(bundle, found, index) for index in range(len(found.rises))]
    if found.open_rises:
        out["open_rises"] = [_open_rise(bundle, one) for one in found.open_rises]
    if found.interactions:
        out["interactions"] = [_interaction(one) for one in found.interactions]
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
    detail |= {name: round(value, 4) for name, value in item.facts}
    return {"kind": item.kind, "direction": item.direction, "detail": detail}


def _interaction(one: Interaction) -> dict[str, Any]:
    return {
        "changes": [one.first, one.second],
        "relation": one.relation,
        "outcome": one.outcome,
        "excess": _open_interval(one.excess),
        "kept": None if one.kept is None else _open_interval(one.kept),
        "log_bayes_factor": None if one.log_bayes_factor is None else round(one.log_bayes_factor, 3),
        "threshold": round(one.threshold, 3),
        "pairs_scanned": one.n_scanned,
    }


def _open_interval(estimate: Estimate) -> dict[str, float | None]:
    """An interval; null for an end where nothing can be said."""
    return {
        name: round(value, 3) if np.isfinite(value) else None
        for name, value in (("estimate", estimate.value), ("low", estimate.low), ("high", estimate.high))
    }


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


def _open_rise(bundle: BundleCase, rise: OpenRise) -> dict[str, Any]:
    return {
        "excess": _interval(rise.excess),
        "probability": round(rise.probability, 6),
        "starts_between": [bundle.instant(hours) for hours in rise.starts],
        "symptom": rise.symptom,
        "owners": [{"id": key, "probability": round(share, 6)} for key, share in rise.owners],
        "not_in_the_log": round(rise.unlogged, 6),
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
