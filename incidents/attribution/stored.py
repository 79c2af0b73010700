"""How a finished fit is kept: a JSON object that a person could read (cell probabilities: `archive`).

`encode` and `decode` are inverse to each other up to rounding (six significant digits). Keys of changes are their
rows' ids as text; `id` beside them is the change log's own.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from incidents.attribution.casefile import Casefile, coverage
from incidents.attribution.designs import PairWays, read_ways, ways_apart
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.findings import (
    Attribution,
    ChangeFinding,
    Diagnostics,
    Estimate,
    EvidenceItem,
    Figure,
    Interaction,
    OpenRise,
    Separation,
    SymptomExcess,
    UnattributedRise,
)

# A layer below this many tickets in all is not drawn and not kept.
FAINTEST_LAYER = 0.5
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A rise that no known change explains: when, where ({dimension: values}; {}: everywhere), which symptom."""

    excess: Estimate
    starts_at: dt.datetime
    ends_at: dt.datetime
    scope: Mapping[str, Sequence[str]]
    symptom: str | None
    log_bayes_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOpenRise:
    """A rise that many known changes fit: how large, when it began, and the odds of each (keys as in the findings)."""

    excess: Estimate
    probability: float
    starts_between: tuple[dt.datetime, dt.datetime]
    symptom: str | None
    owners: tuple[tuple[str, float], ...]
    unlogged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFindings:
    """What a run found."""

    changes: tuple[ChangeFinding, ...]
    unattributed: Estimate
    rises: tuple[Rise, ...]
    separations: tuple[Separation, ...]
    diagnostics: Diagnostics
    interactions: tuple[Interaction, ...] = ()
    designs: tuple[PairWays, ...] = ()
    open_rises: tuple[StoredOpenRise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLayers:
    """Expected complaints over time for the overlay, to be stacked: background, then one layer a change.

    `edges` the bins' first instants and the window's end (n_bins + 1); `background` {symptom: (n_bins,)}; `excess`
    {change id: {symptom: (n_bins,)}}, without changes whose excess cannot be seen; `unattributed` like `background`.
    """

    edges: tuple[dt.datetime, ...]
    background: Mapping[str, Sequence[float]]
    excess: Mapping[int, Mapping[str, Sequence[float]]]
    unattributed: Mapping[str, Sequence[float]]


def _number(value: float | None) -> float | None:
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"estimate": _number(estimate.value), "low": _number(estimate.low), "high": _number(estimate.high)}


def _read_estimate(told: Mapping[str, float | None]) -> Estimate:
    value, low, high = (np.inf if told[name] is None else float(told[name] or 0.0) for name in _ESTIMATE)
    return Estimate(value=value, low=low, high=high)


_ESTIMATE = ("estimate", "low", "high")


def encode(case: Casefile, found: Attribution, *, with_ways: bool = False) -> dict[str, Any]:
    """Return what `decode` and `decode_layers` read back; `with_ways` also looks for what would tell sets apart."""
    names = _public_ids(case)
    return {
        "changes": [_change(finding, names) for finding in found.changes],
        "unattributed": {"excess": _estimate(found.unattributed)},
        "rises": [_rise(rise, case) for rise in found.rises],
        "open_rises": [_open_rise(rise, case) for rise in found.open_rises],
        "separations": [
            {
                "first": one.first,
                "second": one.second,
                "discrimination": _number(one.discrimination),
                "tickets_factor": _number(one.tickets_factor),
            }
            for one in found.separations
        ],
        "diagnostics": {
            "day_dispersion": _number(found.diagnostics.day_dispersion),
            "mix_dispersion": _number(found.diagnostics.mix_dispersion),
            "effects": found.diagnostics.effects,
            "evaluations": found.diagnostics.evaluations,
            "usage_known": found.diagnostics.usage_known,
            "log_evidence": _number(found.diagnostics.log_evidence),
            "reporting_hours": _number(found.diagnostics.reporting_hours),
            "reporting_n": found.diagnostics.reporting_n,
        },
        "interactions": [_interaction(one) for one in found.interactions],
        "designs": ways_apart(case, found) if with_ways else [],
        "coverage": coverage(case),
        "layers": _layers(case, found),
    }


def _public_ids(case: Casefile) -> dict[str, str]:
    """Return the change log's own id of each change, told apart where two sources use the same."""
    told = [change.external_id for change in case.changes]
    return {
        str(change.pk): change.external_id
        if told.count(change.external_id) == 1
        else f"{change.external_id}#{change.pk}"
        for change in case.changes
    }


def _change(finding: ChangeFinding, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": names[finding.key],
        "change": int(finding.key),
        "probability": _number(finding.probability),
        "verdict": finding.verdict,
        "excess": _estimate(finding.excess),
        "share": _estimate(finding.share),
        "rate_ratio": _estimate(finding.rate_ratio),
        "symptoms": {
            one.symptom: {"excess": _estimate(one.excess), "rate_ratio": _estimate(one.rate_ratio)}
            for one in finding.symptoms
        },
        "lag_hours": _number(finding.lag_hours),
        "half_life_hours": _number(finding.half_life_hours),
        "evidence": [_item(item) for item in finding.evidence],
        "indistinguishable_from": [names[key] for key in finding.indistinguishable_from],
        "indistinguishable_changes": [int(key) for key in finding.indistinguishable_from],
        "set_probability": _number(finding.set_probability),
        "complaint_log_odds": _number(finding.complaint_log_odds),
        "reachable": finding.reachable,
    }


def _item(item: EvidenceItem) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": item.kind, "direction": item.direction, **_estimate(item.estimate)}
    told["log_bayes_factor"] = _number(item.log_bayes_factor)
    told["other"] = item.other
    if item.facts:
        told["facts"] = {name: _number(value) for name, value in item.facts}
    if item.figure is not None:
        told["figure"] = {
            "x": [_number(x) for x in item.figure.x],
            "series": [[label, [_number(value) for value in values]] for label, values in item.figure.series],
        }
    return told


def _interaction(one: Interaction) -> dict[str, Any]:
    return {
        "first": int(one.first),
        "second": int(one.second),
        "relation": one.relation,
        "outcome": one.outcome,
        "excess": _estimate(one.excess),
        "kept": None if one.kept is None else _estimate(one.kept),
        "log_bayes_factor": _number(one.log_bayes_factor),
        "threshold": _number(one.threshold),
        "n_scanned": one.n_scanned,
    }


def _read_bounds(told: Mapping[str, float | None]) -> Estimate:
    low, high = told["low"], told["high"]
    return Estimate(
        value=float(told["estimate"] or 0.0),
        low=-np.inf if low is None else float(low),
        high=np.inf if high is None else float(high),
    )


def _read_interaction(one: Mapping[str, Any]) -> Interaction:
    return Interaction(
        first=str(one["first"]),
        second=str(one["second"]),
        relation=one["relation"],
        outcome=one["outcome"],
        excess=_read_bounds(one["excess"]),
        kept=None if one["kept"] is None else _read_bounds(one["kept"]),
        log_bayes_factor=one["log_bayes_factor"],
        threshold=one["threshold"] or 0.0,
        n_scanned=one["n_scanned"],
    )


def _rise(rise: UnattributedRise, case: Casefile) -> dict[str, Any]:
    dimensions = case.evidence.dimensions
    return {
        "excess": _estimate(rise.excess),
        "starts_at": case.axis.instant(rise.start).isoformat(),
        "ends_at": case.axis.instant(rise.end).isoformat(),
        "scope": {dimensions[at].name: [dimensions[at].values[value] for value in values] for at, values in rise.scope},
        "symptom": rise.symptom,
        "log_bayes_factor": _number(rise.log_bayes_factor),
    }


def _open_rise(rise: OpenRise, case: Casefile) -> dict[str, Any]:
    return {
        "excess": _estimate(rise.excess),
        "probability": _number(rise.probability),
        "starts_between": [case.axis.instant(hours).isoformat() for hours in rise.starts],
        "symptom": rise.symptom,
        "owners": [{"change": int(key), "probability": _number(share)} for key, share in rise.owners],
        "unlogged": _number(rise.unlogged),
    }


def _read_open_rise(one: Mapping[str, Any]) -> StoredOpenRise:
    first, last = (dt.datetime.fromisoformat(text) for text in one["starts_between"])
    return StoredOpenRise(
        excess=_read_estimate(one["excess"]),
        probability=one["probability"],
        starts_between=(first, last),
        symptom=one["symptom"],
        owners=tuple((str(owner["change"]), owner["probability"]) for owner in one["owners"]),
        unlogged=one["unlogged"] or 0.0,
    )


def _layers(case: Casefile, found: Attribution) -> dict[str, Any]:
    def compact(table: Floats) -> dict[str, list[float]]:
        return {
            symptom: [round(float(value), 3) for value in table[:, at]]
            for at, symptom in enumerate(case.evidence.symptoms)
            if table[:, at].any()
        }

    return {
        "edges": [moment.isoformat() for moment in (*case.axis.starts, case.axis.end)],
        "background": compact(found.layers.background),
        "unattributed": compact(found.layers.unattributed),
        "excess": {
            exposure.key: compact(found.layers.excess[at])
            for at, exposure in enumerate(case.evidence.changes)
            if found.layers.excess[at].sum() >= FAINTEST_LAYER
        },
    }


def decode(result: Mapping[str, Any]) -> StoredFindings:
    """Return the findings of a stored result."""
    told = result["diagnostics"]
    return StoredFindings(
        changes=tuple(_read_change(one) for one in result["changes"]),
        unattributed=_read_estimate(result["unattributed"]["excess"]),
        rises=tuple(
            Rise(
                excess=_read_estimate(one["excess"]),
                starts_at=dt.datetime.fromisoformat(one["starts_at"]),
                ends_at=dt.datetime.fromisoformat(one["ends_at"]),
                scope=one["scope"],
                symptom=one["symptom"],
                log_bayes_factor=one["log_bayes_factor"] or 0.0,
            )
            for one in result["rises"]
        ),
        separations=tuple(
            Separation(
                first=one["first"],
                second=one["second"],
                discrimination=one["discrimination"] or 0.0,
                tickets_factor=np.inf if one["tickets_factor"] is None else one["tickets_factor"],
            )
            for one in result["separations"]
        ),
        diagnostics=Diagnostics(**{name: told[name] for name in Diagnostics.__dataclass_fields__ if name in told}),
        interactions=tuple(_read_interaction(one) for one in result.get("interactions", ())),
        designs=read_ways(result.get("designs", ())),
        open_rises=tuple(_read_open_rise(one) for one in result.get("open_rises", ())),
    )


def _read_change(one: Mapping[str, Any]) -> ChangeFinding:
    return ChangeFinding(
        key=str(one["change"]),
        probability=one["probability"],
        verdict=one["verdict"],
        excess=_read_estimate(one["excess"]),
        share=_read_estimate(one["share"]),
        rate_ratio=_read_estimate(one["rate_ratio"]),
        symptoms=tuple(
            SymptomExcess(
                symptom=symptom,
                excess=_read_estimate(told["excess"]),
                rate_ratio=_read_estimate(told["rate_ratio"]),
            )
            for symptom, told in one["symptoms"].items()
        ),
        lag_hours=one["lag_hours"],
        half_life_hours=one["half_life_hours"],
        evidence=tuple(_read_item(item) for item in one["evidence"]),
        indistinguishable_from=tuple(str(pk) for pk in one["indistinguishable_changes"]),
        set_probability=one["set_probability"],
        complaint_log_odds=one["complaint_log_odds"] or 0.0,
        reachable=one["reachable"],
    )


def _read_item(told: Mapping[str, Any]) -> EvidenceItem:
    figure = told.get("figure")
    return EvidenceItem(
        kind=told["kind"],
        direction=told["direction"],
        estimate=_read_estimate(told),
        log_bayes_factor=told["log_bayes_factor"],
        other=told["other"],
        facts=tuple((name, _or_nan(value)) for name, value in told.get("facts", {}).items()),
        figure=None
        if figure is None
        else Figure(
            x=tuple(_or_nan(x) for x in figure["x"]),
            series=tuple((label, tuple(_or_nan(value) for value in values)) for label, values in figure["series"]),
        ),
    )


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def decode_layers(result: Mapping[str, Any]) -> StoredLayers:
    """Return the layers of a stored result."""
    told = result["layers"]
    return StoredLayers(
        edges=tuple(dt.datetime.fromisoformat(edge) for edge in told["edges"]),
        background=told["background"],
        excess={int(key): layer for key, layer in told["excess"].items()},
        # Runs stored before there was such a layer have none.
        unattributed=told.get("unattributed", {}),
    )
