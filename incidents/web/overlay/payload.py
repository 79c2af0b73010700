"""All that the overlay draws, as one JSON object: built in parts, so that a new filter asks for what it changes."""

from collections.abc import Callable
from typing import Any

from incidents.changes.queries import with_rollout
from incidents.charts import axis as time_axis
from incidents.charts.labels import moment
from incidents.charts.lanes import cluster
from incidents.response.queries import changes_of, publicity_of, statements_of
from incidents.web.overlay.complaints import complaints_payload
from incidents.web.overlay.curves import adoption_of
from incidents.web.overlay.freezes import freeze_bands
from incidents.web.overlay.lanes import lanes_payload
from incidents.web.overlay.metrics import ask_metrics
from incidents.web.overlay.model import ModelView, read_model
from incidents.web.overlay.pins import pins_of
from incidents.web.overlay.state import OverlayState

# Flags closer than this many pixels become one with a number.
FLAGS_APART = 20.0

# What a bar does not tell of a change; reading a time takes as long as all else of a row.
UNSHOWN = ("created_at", "updated_at", "recorded_at", "description", "url")

# A part reads all that it needs; what it gives back makes it into what is sent, without the database.
Build = Callable[[], dict[str, Any]]
Part = Callable[[OverlayState, ModelView], Build]
METRICS = "metrics"


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
        "freezes": freeze_bands(state),
        "run": model.summary(),
    }
    wanted = {name: ask for name, ask in PARTS.items() if parts is None or name in parts}
    # Asked for last and waited for last: the other parts are made while the database puts the points together.
    built = {name: ask(state, model) for name, ask in wanted.items()}
    metrics = ask_metrics(state) if parts is None or METRICS in parts else None
    try:
        payload |= {name: build() for name, build in built.items()}
    finally:
        if metrics is not None:
            metrics.settle()
    if metrics is not None:
        payload[METRICS] = metrics.payload()
    return payload


def _lanes(state: OverlayState, model: ModelView) -> Build:
    changes = with_rollout(changes_of(state.incident).defer(*UNSHOWN))
    adoption = adoption_of(state, changes)
    return lambda: lanes_payload(state, changes, adoption, model.verdicts)


def _flags(state: OverlayState, _: ModelView) -> Build:
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
    told = {
        "pins": pins_of(state),
        "statements": flags,
        "publicity": [{"at": round(axis.hours(row.at), 3), "title": row.title} for row in events],
    }
    return lambda: told


def _complaints(state: OverlayState, model: ModelView) -> Build:
    told = complaints_payload(state, model)
    return lambda: told


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


# The metrics stand apart: their points take longest.
PARTS: dict[str, Part] = {"lanes": _lanes, "flags": _flags, "complaints": _complaints}
NAMES = frozenset({*PARTS, METRICS})
