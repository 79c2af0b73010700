"""Cases at a glance: how many complaints and changes each holds, and the course of the complaints."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from incidents.response.models import Incident
from incidents.tickets.counting import COUNTED

N_BARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOverview:
    """One line of the list of cases."""

    incident: Incident
    n_tickets: int
    n_changes: int
    course: tuple[int, ...]  # complaints in N_BARS equal parts of the window, or in days where it is shorter


_COUNTS = f"""
SELECT i.id, width_bucket(
           extract(epoch FROM t.reported_at), extract(epoch FROM i.starts_at), extract(epoch FROM i.ends_at), %s
       ) AS part, count(*)
FROM incidents_incident i
JOIN incidents_ticket t
  ON t.product_id = i.product_id AND t.reported_at >= i.starts_at AND t.reported_at < i.ends_at
 AND {COUNTED}
WHERE i.id = ANY(%s)
GROUP BY i.id, part
"""  # noqa: S608 - a constant

_CHANGES = """
SELECT i.id, count(*)
FROM incidents_incident i
JOIN incidents_change c
  ON c.product_id = i.product_id AND c.started_at < i.ends_at
 AND (c.ended_at IS NULL OR c.ended_at > i.starts_at)
WHERE i.id = ANY(%s)
GROUP BY i.id
"""


def case_overviews(incidents: Iterable[Incident]) -> list[CaseOverview]:
    """Return one overview per case, in the given order; two statements however many cases there are."""
    rows = list(incidents)
    ids = [incident.pk for incident in rows]
    course = {pk: [0] * N_BARS for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [N_BARS, ids])
        for pk, part, n in cursor.fetchall():
            course[pk][min(max(part, 1), N_BARS) - 1] += n
        cursor.execute(_CHANGES, [ids])
        n_changes = dict(cursor.fetchall())
    return [
        CaseOverview(
            incident=incident,
            n_tickets=sum(course[incident.pk]),
            n_changes=n_changes.get(incident.pk, 0),
            course=tuple(course[incident.pk]),
        )
        for incident in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a case's timeline, whatever it comes from."""

    at: dt.datetime
    day_only: bool
    kind: str  # change started, change ended, statement, publicity, entry
    title: str
    text: str = ""
    change_id: int | None = None
    colour: int | None = None
    author: str = ""

    @property
    def month(self) -> tuple[int, int]:
        """Year and month, to group by."""
        return self.at.year, self.at.month


def timeline_of(incident: Incident) -> list[Happening]:
    """Return what happened in the case in order of time: changes and their ends, statements, publicity, entries."""
    lines = _change_lines(incident)
    lines += [
        Happening(
            at=row.at,
            day_only="at" in row.day_fields,
            kind="statement",
            title=", ".join(part for part in (row.channel, row.audience) if part) or "statement",
            text=row.text,
        )
        for row in incident.statements.all()
    ]
    lines += [
        Happening(at=row.at, day_only=row.day_only, kind="publicity", title=row.title)
        for row in incident.publicity.all()
    ]
    lines += [
        Happening(
            at=row.at,
            day_only=False,
            kind="entry",
            title=row.text,
            author=row.author.get_username() if row.author else "",
        )
        for row in incident.timeline.select_related("author")
    ]
    return sorted(lines, key=lambda line: (line.at, line.kind, line.title))


def _change_lines(incident: Incident) -> list[Happening]:
    """Return starts and ends of changes inside the window.

    Client releases are left out unless they carry or fix another change: a line per release would bury the rest.
    """
    lines: list[Happening] = []
    changes = list(incident.product.changes.filter(started_at__lt=incident.ends_at).order_by("started_at"))
    named = {change.carried_by_version for change in changes if change.kind != "client_release"} | {
        change.fixed_in_version for change in changes
    }
    for change in changes:
        if change.kind == "client_release" and change.carried_by_version not in named - {""}:
            continue
        if change.started_at >= incident.starts_at:
            lines.append(
                Happening(
                    at=change.started_at,
                    day_only="started_at" in change.day_fields,
                    kind="change started",
                    title=change.title,
                    text=change.description,
                    change_id=change.pk,
                    colour=change.colour,
                )
            )
        if change.ended_at and incident.starts_at <= change.ended_at < incident.ends_at:
            lines.append(
                Happening(
                    at=change.ended_at,
                    day_only="ended_at" in change.day_fields,
                    kind=f"change {change.get_end_kind_display().lower() or 'ended'}",
                    title=change.title,
                    change_id=change.pk,
                    colour=change.colour,
                )
            )
    return lines
