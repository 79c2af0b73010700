"""Deploy freezes of a case: stretches in which nothing was to be rolled out.

They lie in the case's record under `freezes`, as a bundle gives and takes them: objects with `from` and `to` (a bare
date is a day of the case's zone, the last one included) and, if it has one, a `title`.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotReady, NotThere
from incidents.response.models import Incident
from incidents.response.queries import zone_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MEMBER = "freezes"
UNNAMED = "Deploy freeze"
_DATE = len("2026-03-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A stretch without rollouts, aware times, `end` not included; `told` is the entry as it lies in the record."""

    start: dt.datetime
    end: dt.datetime
    title: str
    told: dict[str, Any]

    @property
    def last_moment(self) -> dt.datetime:
        """Return a moment inside the last day, for pages that show days."""
        return self.end - dt.timedelta(microseconds=1)


def freezes_of(incident: Incident) -> list[Freeze]:
    """Return the case's freezes in order of time; entries of its record that tell no stretch are passed over."""
    zone = zone_of(incident)
    found = []
    for entry in _told(incident):
        if not isinstance(entry, dict):
            continue
        start, end = _time(zone, entry.get("from"), last=False), _time(zone, entry.get("to"), last=True)
        if start is not None and end is not None and start < end:
            title = entry.get("title")
            named = title if isinstance(title, str) and title.strip() else UNNAMED
            found.append(Freeze(start=start, end=end, title=named, told=entry))
    return sorted(found, key=lambda one: (one.start, one.end, one.title))


@transaction.atomic
def add_freeze(*, actor: "User", incident: Incident, first: dt.date, last: dt.date, title: str = "") -> Freeze:
    """Record that nothing was to be rolled out from the first to the last day, both whole days of the case's zone."""
    require(actor, Action.EDIT_CASE, incident.product)
    if last < first:
        raise NotReady("The freeze ends before it starts: set its last day on or after the first.")
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    entry = {"from": first.isoformat(), "to": last.isoformat()}
    if title.strip():
        entry["title"] = title.strip()[:200]
    if entry in _told(row):
        raise Conflict("This freeze is recorded already.")
    _keep(row, actor, [*_told(row), entry], "freeze recorded", entry)
    return next(one for one in freezes_of(row) if one.told == entry)


@transaction.atomic
def remove_freeze(*, actor: "User", incident: Incident, start: str, end: str) -> None:
    """Take back the freeze that the record tells from `start` to `end`, as they are written there."""
    require(actor, Action.EDIT_CASE, incident.product)
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    gone = next((one.told for one in freezes_of(row) if (one.told["from"], one.told["to"]) == (start, end)), None)
    if gone is None:
        raise NotThere("This freeze is not recorded any more.")
    _keep(row, actor, [entry for entry in _told(row) if entry != gone], "freeze taken back", gone)


def _told(incident: Incident) -> list[Any]:
    told = incident.extra.get(MEMBER)
    return told if isinstance(told, list) else []


def _keep(row: Incident, actor: "User", told: list[Any], action: str, entry: dict[str, Any]) -> None:
    row.extra = {name: value for name, value in row.extra.items() if name != MEMBER} | ({MEMBER: told} if told else {})
    row.save(update_fields=["extra", "updated_at"])
    record_audit(actor=actor, action=action, subject=row, product_id=row.product_id, detail={"freeze": entry})


def _time(zone: ZoneInfo, text: Any, *, last: bool) -> dt.datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if last and len(text) == _DATE:
        moment += dt.timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
