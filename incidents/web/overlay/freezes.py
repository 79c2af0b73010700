"""Deploy freezes: stretches in which nothing was to be rolled out, as the case's record tells them."""

import datetime as dt
from typing import Any

from incidents.web.overlay.state import OverlayState


def freezes_of(state: OverlayState) -> list[list[Any]]:
    """Return [start, end, title] (hours on the axis) of each freeze that meets the window.

    A case's record may hold `freezes`, a list of objects with `from`, `to` and, if it has one, a `title`; a bare date
    is a day of the case's zone, the last one included. Entries that tell no such stretch are passed over.
    """
    low, high = state.axis.shown
    found = []
    told = state.incident.extra.get("freezes")
    for entry in told if isinstance(told, list) else []:
        if not isinstance(entry, dict):
            continue
        start, end = _time(state, entry.get("from"), last=False), _time(state, entry.get("to"), last=True)
        if start is not None and end is not None and start < end and start < high and end > low:
            title = entry.get("title")
            found.append([round(start, 3), round(end, 3), title if isinstance(title, str) else "Deploy freeze"])
    return sorted(found)


def _time(state: OverlayState, text: Any, *, last: bool) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if last and len(text) == len("2026-03-01"):
        moment += dt.timedelta(days=1)
    return state.axis.hours(moment if moment.tzinfo else moment.replace(tzinfo=state.zone))
