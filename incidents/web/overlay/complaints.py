"""The complaints' panel: counts or rates per symptom, stacked or apart, with the model's layers, or two sides."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from incidents.catalog.taxonomy import taxonomy_with_retired
from incidents.charts import axis as time_axis
from incidents.charts.complaints import ModelLayers, Series, modelled, scaled, small_multiples, stacked
from incidents.charts.contrast import PER
from incidents.charts.typed import Numbers, float32
from incidents.metrics.use import UseTable, use_in_bins, use_table
from incidents.tickets.enums import NO_SYMPTOM
from incidents.tickets.privacy import masked
from incidents.tickets.queries import Counts, complaint_counts, topic_counts
from incidents.tickets.topics import shown_topics
from incidents.web.overlay.contrasts import contrast_payload
from incidents.web.overlay.model import ModelView
from incidents.web.overlay.scope import passes
from incidents.web.overlay.state import OverlayState

NO_TOPICS = "A run knows symptoms alone: new topics are not drawn with its layers."
TOPIC = "topic-"
# The stack names this many symptoms; the rest are drawn as one.
MOST_SYMPTOMS = 8


def complaints_payload(state: OverlayState, model: ModelView) -> dict[str, Any]:
    """Return complaints per symptom as figures; `figure` is what the address asks for."""
    axis = state.axis
    table = use_table(state.incident.product, state.chosen)
    by_rate = state.by_rate and bool(table)
    step = time_axis.bin_step(axis, finest=_finest(state, model, table if by_rate else None))
    bins = time_axis.bins_over(axis, step)
    series, n_day_only = _series(state, bins)
    payload: dict[str, Any] = {
        "step": step,
        "binName": bins.name,
        "edges": float32(bins.hours),
        "total": round(sum(one.total for one in series), 1),
        "dayOnly": round(n_day_only, 1),
        "series": [
            {"key": one.key, "name": one.name, "total": round(one.total, 1), "y": float32(one.values)} for one in series
        ],
        "legend": [],
        "rate": None,
        "rateNote": why_no_rate(state, table),
        "layersNote": "",
    }
    if state.contrast is not None or state.versus:
        return payload | contrast_payload(state)
    layers = model.layers(axis, bins, [one.key for one in series]) if state.layers else None
    if state.layers:
        payload["layersNote"] = model.layers_note or (NO_TOPICS if state.topics else "")
    if by_rate:
        use = use_in_bins(state.incident.product, _wanted(state, table), bins.edges)
        payload["rate"] = {"per": int(PER), "use": float32(use), "nEmpty": int((use <= 0).sum())}
        factor = np.where(use > 0, PER / np.maximum(use, 1e-12), 0.0)
        series = [replace(one, values=one.values * factor) for one in series]
        layers = None if layers is None else scaled(layers, factor)
    return payload | _figure(state, series, layers, bins)


def _figure(
    state: OverlayState, series: list[Series], layers: ModelLayers | None, bins: time_axis.Bins
) -> dict[str, Any]:
    if state.view == "multiples":
        return {"figure": small_multiples(series, bins, layers=layers), "rows": len(series)}
    return {"figure": stacked(_merged(series), bins) if layers is None else modelled(series, layers, bins), "rows": 1}


def _finest(state: OverlayState, model: ModelView, table: UseTable | None) -> int:
    """Return the shortest bin: not below that of the run's layers, nor of the counted use."""
    finest = max(state.finest, model.bin_seconds) if state.layers else state.finest
    return finest if table is None else max(finest, table.cadence)


def _series(state: OverlayState, bins: time_axis.Bins) -> tuple[list[Series], float]:
    """Return complaints per symptom, the most frequent first, and how many of them have only a day."""
    spread = state.zone if bins.step < time_axis.DAY else None
    start = time_axis.midnight(bins.edges[0].astimezone(state.zone).date(), state.zone)
    counts = complaint_counts(state.complaints(start, bins.edges[-1]), bins.edges, spread_days=spread)
    topics: list[Series] = []
    if not state.layers and state.contrast is None and not state.versus:
        counts, topics = _topics_apart(state, counts, start, bins, spread)
    names = {NO_SYMPTOM: ("", "No symptom yet")}
    names |= {
        row.pk: (row.key, row.name if row.retired_at is None else f"{row.name} (retired)")
        for row in taxonomy_with_retired(state.incident.product)
    }
    return [*_named(counts, names), *topics], counts.n_day_only


def _topics_apart(
    state: OverlayState, counts: Counts, start: dt.datetime, bins: time_axis.Bins, spread: ZoneInfo | None
) -> tuple[Counts, list[Series]]:
    """Take complaints of the wanted topics out of their symptoms, as series of their own: none counts twice."""
    found = []
    values = counts.values.copy()
    for topic in shown_topics(state.incident.product, state.topics):
        mine = topic_counts(state.complaints(start, bins.edges[-1]), topic.pk, bins.edges, spread_days=spread)
        for i, symptom in enumerate(mine.symptom_ids):
            if symptom in counts.symptom_ids:
                place = counts.symptom_ids.index(symptom)
                values[place] = np.maximum(values[place] - mine.values[i], 0.0)
        name = f"New topic: {masked(topic.name)}"
        found.append(Series(key=f"{TOPIC}{topic.pk}", name=name, values=mine.values.sum(axis=0)))
    return replace(counts, values=values), [one for one in found if one.total > 0]


def _named(counts: Counts, names: Mapping[int, tuple[str, str]]) -> list[Series]:
    found = [
        Series(key=names[symptom][0], name=names[symptom][1], values=counts.values[i])
        for i, symptom in enumerate(counts.symptom_ids)
        if symptom in names
    ]
    return sorted((one for one in found if one.total > 0), key=lambda one: -one.total)


def _merged(series: list[Series]) -> list[Series]:
    """Keep the most frequent symptoms apart and put the others together, so that the stack stays readable."""
    if len(series) <= MOST_SYMPTOMS:
        return series
    topics = [one for one in series if one.key.startswith(TOPIC)]
    symptoms = series[: len(series) - len(topics)]
    n_kept = MOST_SYMPTOMS - 1 - len(topics)
    rest = symptoms[n_kept:]
    total: Numbers = np.sum([one.values for one in rest], axis=0)
    name = f"{len(rest)} other symptoms"
    return [*symptoms[:n_kept], Series(key="others", name=name, values=total), *topics]


def _wanted(state: OverlayState, table: UseTable) -> list[int]:
    return [pk for pk, pattern in table.patterns.items() if passes(pattern, state.chosen)]


def why_no_rate(state: OverlayState, table: UseTable) -> str:
    """Return why complaints cannot be divided by use; empty where they can."""
    if table:
        return ""
    if table.untold:
        names = {key: name for key, name, _ in state.dimensions}
        words = ", ".join(names.get(key, key).lower() for key in table.untold)
        return f"Use is not counted by {words}: take it out of the filter."
    return "Use is not counted over time for this product. A case bundle may bring it in exposure.csv."
