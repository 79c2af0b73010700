"""All that the overlay draws, as one JSON object: built in parts, so that a new filter asks for what it changes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from incidents.catalog.queries import symptoms_of
from incidents.changes.queries import Change, with_rollout
from incidents.charts import axis as time_axis
from incidents.charts.complaints import Contrast, Series, contrast, modelled, small_multiples, stacked
from incidents.charts.labels import moment, plural
from incidents.charts.lanes import cluster
from incidents.charts.typed import float32
from incidents.core.errors import NotThere
from incidents.response.queries import changes_of, publicity_of, statements_of
from incidents.tickets.enums import NO_SYMPTOM
from incidents.tickets.queries import Counts, complaint_counts
from incidents.web.overlay.curves import adoption_of
from incidents.web.overlay.lanes import lanes_payload
from incidents.web.overlay.metrics import metrics_payload
from incidents.web.overlay.model import ModelView, read_model
from incidents.web.overlay.scope import scope_sides
from incidents.web.overlay.state import OverlayState

# Flags closer than this many pixels become one with a number.
FLAGS_APART = 20.0
# The stack names this many symptoms; the rest are drawn as one.
MOST_SYMPTOMS = 8

Part = Callable[[OverlayState, ModelView], dict[str, Any]]


def overlay_payload(state: OverlayState, parts: frozenset[str] | None = None) -> dict[str, Any]:
    """Return the wanted parts (None: all) with what every part needs: the axis, its bins and ticks."""
    model = read_model(state)
    axis = state.axis
    low, high = axis.shown
    payload: dict[str, Any] = {
        "shown": [low, high],
        "window": [0.0, axis.hours(state.incident.ends_at)],
        "origin": int(axis.origin.timestamp()),
        "zone": state.zone.key,
        "zoneName": moment(axis.start, state.zone).rsplit(" ", 1)[-1],
        "ticks": [[round(tick.at, 4), tick.label, tick.major] for tick in time_axis.ticks(axis)],
        "weekends": time_axis.weekends(axis),
        "shifts": [[round(tick.at, 4), tick.label] for tick in time_axis.clock_shifts(axis)],
        "run": model.summary(),
    }
    for name, build in PARTS.items():
        if parts is None or name in parts:
            payload[name] = build(state, model)
    return payload


def _lanes(state: OverlayState, model: ModelView) -> dict[str, Any]:
    changes = with_rollout(changes_of(state.incident))
    return lanes_payload(state, changes, adoption_of(state, changes), model.verdicts)


def _complaints(state: OverlayState, model: ModelView) -> dict[str, Any]:
    """Return counts per symptom as figures; `figure` is what the address asks for."""
    axis = state.axis
    finest = max(state.finest, model.bin_seconds) if state.layers else state.finest
    step = time_axis.bin_step(axis, finest=finest)
    bins = time_axis.bins_over(axis, step)
    spread = state.zone if step < time_axis.DAY else None
    start = time_axis.midnight(bins.edges[0].astimezone(state.zone).date(), state.zone)
    counts = complaint_counts(state.complaints(start, bins.edges[-1]), bins.edges, spread_days=spread)
    names = {NO_SYMPTOM: ("", "No symptom yet")}
    names |= {row.pk: (row.key, row.name) for row in symptoms_of(state.incident.product)}
    series = _series(counts, names)
    payload: dict[str, Any] = {
        "step": step,
        "binName": bins.name,
        "edges": float32(bins.hours),
        "total": round(float(counts.values.sum()), 1),
        "dayOnly": round(counts.n_day_only, 1),
        "series": [
            {"key": one.key, "name": one.name, "total": round(one.total, 1), "y": float32(one.values)} for one in series
        ],
        "legend": [],
    }
    if state.contrast is not None:
        return payload | _contrast(state, bins)
    layers = model.layers(axis, bins, [one.key for one in series]) if state.layers else None
    if layers is not None and state.view == "multiples":
        figure = small_multiples(series, bins, layers=layers)
    elif layers is not None:
        figure = modelled(series, layers, bins)
    else:
        figure = small_multiples(series, bins) if state.view == "multiples" else stacked(_merged(series), bins)
    return payload | {"figure": figure, "rows": len(series) if state.view == "multiples" else 1}


def _series(counts: Counts, names: Mapping[int, tuple[str, str]]) -> list[Series]:
    found = [
        Series(key=names[symptom][0], name=names[symptom][1], values=counts.values[i])
        if symptom in names
        else Series(key=f"retired-{symptom}", name="A retired symptom", values=counts.values[i])
        for i, symptom in enumerate(counts.symptom_ids)
    ]
    return sorted((one for one in found if one.total > 0), key=lambda one: -one.total)


def _merged(series: list[Series]) -> list[Series]:
    """Keep the most frequent symptoms apart and put the others together, so that the stack stays readable."""
    if len(series) <= MOST_SYMPTOMS:
        return series
    rest = series[MOST_SYMPTOMS - 1 :]
    total = np.sum([one.values for one in rest], axis=0)
    name = f"{len(rest)} other symptoms"
    return [*series[: MOST_SYMPTOMS - 1], Series(key="others", name=name, values=total)]


def _contrast(state: OverlayState, bins: time_axis.Bins) -> dict[str, Any]:
    """Return exposed against unexposed complaints for the change that the address names."""
    change = _change(state)
    sides = scope_sides(state, change, bins)
    hours = state.axis.hours
    figure = contrast(
        Contrast(
            exposed=sides.inside,
            unexposed=sides.outside,
            unknown=sides.unknown,
            colour=change.colour,
            started=hours(change.started_at),
            ended=None if change.ended_at is None else hours(change.ended_at),
        ),
        bins,
    )
    legend = [
        f"{plural(round(float(sides.inside.sum())), 'complaint')} from its scope",
        f"{plural(round(float(sides.outside.sum())), 'complaint')} from outside it",
        _left_out(round(float(sides.unknown.sum()))),
    ]
    return {"figure": figure, "rows": 1, "contrast": change.title, "legend": legend}


def _left_out(n: int) -> str:
    return f"{plural(n, 'complaint')} that {'does' if n == 1 else 'do'} not say: left out"


def _change(state: OverlayState) -> Change:
    change = changes_of(state.incident).filter(pk=state.contrast or 0).first()
    if change is None:
        raise NotThere("That change is not part of this case.")
    return change


def _flags(state: OverlayState, _: ModelView) -> dict[str, Any]:
    """Return what was said in public and what drew attention, grouped where it would overlap."""
    axis = state.axis
    low, _high = axis.shown
    said = statements_of(state.incident).filter(at__gte=axis.start, at__lt=axis.end)
    rows = [(row.pk, axis.hours(row.at), row.channel, row.text) for row in said.only("id", "at", "channel", "text")]
    events = publicity_of(state.incident).filter(at__gte=axis.start, at__lt=axis.end)
    by_key = {pk: (at, channel, text) for pk, at, channel, text in rows}
    marks = [((at - low) / axis.hours_a_pixel, pk) for pk, at, _, _ in rows]
    flags = []
    for group in cluster(marks, apart=FLAGS_APART):
        members = [by_key[key] for key in group.keys]
        flags.append(
            {
                "at": round(members[0][0], 3),
                "last": round(members[-1][0], 3),
                "n": len(members),
                "ids": list(group.keys),
                "texts": [f"{channel}: {_cut(text)}" if channel else _cut(text) for _, channel, text in members[:4]],
            }
        )
    return {
        "statements": flags,
        "publicity": [{"at": round(axis.hours(row.at), 3), "title": row.title} for row in events],
    }


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


PARTS: dict[str, Part] = {
    "lanes": _lanes,
    "flags": _flags,
    "complaints": _complaints,
    "metrics": lambda state, _: metrics_payload(state),
}
