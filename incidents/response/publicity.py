"""Events that made people complain more in every segment at once: recorded by people, suggested by a test."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from incidents.catalog.queries import UNKNOWN, require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotReady, NotThere
from incidents.response.models import DismissedRise, Incident, PublicityEvent
from incidents.response.queries import zone_of
from incidents.stats.common_rise import BEFORE, CommonRise, common_rises
from incidents.tickets.enums import Clock
from incidents.tickets.queries import Complaints, counts_by_segment, segment_patterns

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# A group smaller than this share of what states the dimension is counted with the others.
SMALL = 0.03
NEAR = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedEvent:
    """A day on which all values of a dimension rose together, with the test that says so."""

    on: dt.date
    at: dt.datetime
    dimension: str
    n_groups: int
    rise: CommonRise


def suggested_events(incident: Incident) -> list[SuggestedEvent]:
    """Return days on which complaints of all segments rose at once, without those recorded near or dismissed."""
    zone = zone_of(incident)
    first = incident.starts_at.astimezone(zone).date() - dt.timedelta(days=BEFORE)
    last = incident.ends_at.astimezone(zone).date()
    days = [first + dt.timedelta(days=one) for one in range((last - first).days + 1)]
    edges = [dt.datetime.combine(day, dt.time(), zone) for day in days]
    wanted = Complaints(product=incident.product, start=edges[0], end=edges[-1], clock=Clock.REPORT)
    found = _by_value(counts_by_segment(wanted, edges, spread_days=None))
    if found is None:
        return []
    dimension, counts = found
    begun = np.flatnonzero(counts.sum(axis=0))
    counts = counts[:, begun[0] :] if len(begun) else counts
    offset = int(begun[0]) if len(begun) else 0
    recorded = list(incident.publicity.values_list("at", flat=True))
    dismissed = set(incident.dismissed_rises.values_list("on", flat=True))
    return [
        SuggestedEvent(
            on=days[offset + rise.day],
            at=edges[offset + rise.day],
            dimension=dimension,
            n_groups=len(counts),
            rise=rise,
        )
        for rise in common_rises(counts, first_weekday=days[offset].weekday())
        if edges[offset + rise.day] >= incident.starts_at
        and days[offset + rise.day] not in dismissed
        and not any(abs(at - edges[offset + rise.day]) <= NEAR for at in recorded)
    ]


def _by_value(
    by_segment: dict[int, "np.ndarray[tuple[int], np.dtype[np.float64]]"],
) -> tuple[str, "np.ndarray[tuple[int, int], np.dtype[np.float64]]"] | None:
    """Return the dimension that most complaints state and the counts of its values, small ones together."""
    patterns = segment_patterns(list(by_segment))
    stated: dict[str, float] = {}
    for pk, counts in by_segment.items():
        for name in patterns.get(pk, {}):
            stated[name] = stated.get(name, 0.0) + float(counts.sum())
    if not stated:
        return None
    dimension = max(stated, key=lambda name: (stated[name], name))
    groups: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for pk, counts in by_segment.items():
        value = str(patterns.get(pk, {}).get(dimension, UNKNOWN))
        groups[value] = groups.get(value, np.zeros(len(counts))) + counts
    total = sum(float(counts.sum()) for counts in groups.values())
    large = [counts for counts in groups.values() if counts.sum() >= SMALL * total]
    small = [counts for counts in groups.values() if counts.sum() < SMALL * total]
    if small:
        large.append(np.sum(small, axis=0))
    return (dimension, np.array(large)) if len(large) > 1 else None


@transaction.atomic
def record_publicity(
    *, actor: "User", incident: Incident, at: dt.datetime, title: str, day_only: bool = False
) -> PublicityEvent:
    """Record an event that made people complain more everywhere; the next attribution takes it into account."""
    require(actor, Action.EDIT_CASE, incident.product)
    if not title.strip():
        raise NotReady("Say what the event was: a viral post, a news article, a promotion.")
    if not incident.starts_at - dt.timedelta(days=30) <= at < incident.ends_at:
        raise NotReady("The event lies outside the case's window and a month before it.")
    if incident.publicity.filter(at=at, title=title.strip()).exists():
        raise Conflict("This event is recorded already.")
    event = PublicityEvent.objects.create(incident=incident, at=at, title=title.strip()[:200], day_only=day_only)
    record_audit(
        actor=actor,
        action="publicity recorded",
        subject=incident,
        product_id=incident.product_id,
        detail={"title": event.title, "at": at.isoformat()},
    )
    return event


@transaction.atomic
def remove_publicity(*, actor: "User", incident: Incident, event_id: int) -> None:
    """Take a recorded event back."""
    require(actor, Action.EDIT_CASE, incident.product)
    event = incident.publicity.filter(pk=event_id).first()
    if event is None:
        raise NotThere("There is no such event any more.")
    record_audit(
        actor=actor,
        action="publicity taken back",
        subject=incident,
        product_id=incident.product_id,
        detail={"title": event.title, "at": event.at.isoformat()},
    )
    event.delete()


def dismissed_rises(incident: Incident) -> QuerySet[DismissedRise]:
    """Return the days that were suggested and dismissed, with why, in order."""
    return incident.dismissed_rises.select_related("dismissed_by")


@transaction.atomic
def dismiss_rise(*, actor: "User", incident: Incident, on: dt.date, reason: str) -> DismissedRise:
    """Say that a day on which everything rose was no publicity, and why; it is not suggested again."""
    require(actor, Action.EDIT_CASE, incident.product)
    if not reason.strip():
        raise NotReady("Say why it was no publicity: an outage, a backlog that was entered at once, chance.")
    row, made = DismissedRise.objects.get_or_create(
        incident=incident, on=on, defaults={"reason": reason.strip()[:300], "dismissed_by": actor}
    )
    if not made:
        raise Conflict("This day was dismissed already.")
    record_audit(
        actor=actor,
        action="publicity suggestion dismissed",
        subject=incident,
        product_id=incident.product_id,
        detail={"on": on.isoformat(), "reason": row.reason},
    )
    return row


@transaction.atomic
def suggest_again(*, actor: "User", incident: Incident, dismissed_id: int) -> None:
    """Take a dismissal back: the day is suggested again where it still stands out."""
    require(actor, Action.EDIT_CASE, incident.product)
    row = incident.dismissed_rises.filter(pk=dismissed_id).first()
    if row is None:
        raise NotThere("There is no such dismissal any more.")
    record_audit(
        actor=actor,
        action="publicity dismissal taken back",
        subject=incident,
        product_id=incident.product_id,
        detail={"on": row.on.isoformat()},
    )
    row.delete()
