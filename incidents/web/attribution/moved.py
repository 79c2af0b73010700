"""What moved since a run, in sentences."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from incidents.attribution.queries import Moved, MovedKind
from incidents.charts import labels

FIELDS = {
    "kind": "kind",
    "started_at": "start",
    "rollout": "rollout",
    "rollout_shape": "shape of the rollout",
    "ended_at": "end",
    "end_kind": "kind of end",
    "scope": "scope",
    "carried_by_version": "carrying version",
    "fixed_in_version": "fixed version",
    "visibility": "visibility",
    "day_fields": "precision of its times",
    "links": "links to other changes",
    "starts_at": "start of the window",
    "ends_at": "end of the window",
    "timezone": "time zone",
    "bucket": "bucket",
    "code_version": "version of the engine",
}
_MOMENTS = {"started_at", "ended_at", "starts_at", "ends_at"}


_WORDS = {
    MovedKind.CHANGE_ADDED: "Added to the change log",
    MovedKind.CHANGE_EDITED: "Edited",
    MovedKind.CHANGE_REMOVED: "No longer part of the case",
    MovedKind.LABELS: "Symptoms or segments of tickets were corrected",
    MovedKind.USAGE: "Usage counts moved",
    MovedKind.METRICS: "Metric points moved",
    MovedKind.EVALUATIONS: "Evaluation runs moved",
    MovedKind.PUBLICITY: "Events of publicity moved",
    MovedKind.SYMPTOMS: "The taxonomy of symptoms moved",
    MovedKind.WINDOW: "The case's window moved",
    MovedKind.ENGINE: "The engine is another version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLine:
    """One line; `change` is the row to link to, if it is still in the log."""

    text: str
    change: int | None
    title: str
    details: tuple[str, ...] = ()


def moved_lines(moved: Iterable[Moved], zone: dt.tzinfo) -> list[MovedLine]:
    """Return a line for each input that moved."""
    return [_line(one, zone) for one in moved]


def _line(one: Moved, zone: dt.tzinfo) -> MovedLine:
    details = tuple(
        f"{FIELDS.get(name, name)}: {_told(name, before, zone)} → {_told(name, after, zone)}"
        for name, before, after in one.fields
    )
    return MovedLine(
        text=_text(one, zone),
        change=None if one.kind is MovedKind.CHANGE_REMOVED else one.change,
        title=one.title,
        details=details,
    )


def _text(one: Moved, zone: dt.tzinfo) -> str:
    if one.back_dated is not None:
        started, found = one.back_dated
        return (
            f"Entered late: took effect {labels.moment(started, zone)}, known here since {labels.moment(found, zone)}"
        )
    if one.kind is MovedKind.TICKETS:
        return _tickets(one)
    text = _WORDS[one.kind]
    if one.n_before is None or one.n_after is None or one.n_before == one.n_after:
        return text
    return f"{text}: {labels.count(one.n_before)} then, {labels.count(one.n_after)} now"


def _tickets(one: Moved) -> str:
    if one.n_before is None or one.n_after is None:
        return "Tickets were edited"
    far = one.n_after - one.n_before
    if far > 0:
        return f"{labels.plural(far, 'complaint')} more: {labels.count(one.n_after)} now"
    if far < 0:
        return f"{labels.plural(-far, 'complaint')} fewer: {labels.count(one.n_after)} now"
    return "Tickets were exchanged"


def _told(name: str, value: Any, zone: dt.tzinfo) -> str:
    if value in (None, "", [], {}):
        return "none"
    if name in _MOMENTS:
        return labels.moment(dt.datetime.fromisoformat(value), zone)
    if name == "scope":
        return "; ".join(f"{key}: {', '.join(values)}" for key, values in value.items())
    if name == "rollout":
        steps = [
            f"{labels.percent(share)} at {labels.moment(dt.datetime.fromisoformat(at), zone)}" for at, share in value
        ]
        return ", ".join(steps)
    if name == "links":
        return labels.plural(len(value), "link")
    return ", ".join(value) if isinstance(value, list) else str(value).replace("_", " ")
