"""What the newest attribution says of one ticket, in a form that a template shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from incidents.attribution.queries import changes_by_id, latest_run
from incidents.attribution.tickets import NOBODY, ticket_probabilities

LISTED_FROM, MOST_LISTED = 0.1, 2  # causes that the list of tickets shows
SHOWN_FROM = 0.03  # causes below this probability are folded together


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbableCause:
    """One possible cause of a ticket: a change, or none of the known ones."""

    title: str
    probability: float
    change_id: int | None = None
    colour: int | None = None


def probable_causes(ticket: Any, cases: Sequence[Any]) -> list[ProbableCause]:
    """Return the ticket's possible causes by the newest run of the first case that has one, the likeliest first."""
    for case in cases:
        run = latest_run(case)
        found = ticket_probabilities(run, [ticket.pk]).get(ticket.pk) if run else None
        if found:
            return _named(found)
    return []


def causes_of(tickets: Sequence[Any], case: Any) -> dict[int, list[ProbableCause]]:
    """Return, by ticket, what the newest run of a case says of many tickets at once; without a run, nothing."""
    run = latest_run(case)
    if run is None or not tickets:
        return {}
    told = ticket_probabilities(run, [ticket.pk for ticket in tickets])
    wanted = {pk for found in told.values() for pk, p in found.items() if pk != NOBODY and p >= LISTED_FROM}
    changes = changes_by_id(sorted(wanted))
    out = {}
    for ticket, found in told.items():
        causes = [
            ProbableCause(title=changes[pk].title, probability=p, change_id=pk, colour=changes[pk].colour)
            for pk, p in found.items()
            if pk in changes and p >= LISTED_FROM
        ]
        out[ticket] = sorted(causes, key=lambda cause: -cause.probability)[:MOST_LISTED]
    return out


def _named(found: dict[int, float]) -> list[ProbableCause]:
    changes = changes_by_id([pk for pk, p in found.items() if pk != NOBODY and p >= SHOWN_FROM])
    causes = [
        ProbableCause(title=change.title, probability=found[pk], change_id=pk, colour=change.colour)
        for pk, change in changes.items()
    ]
    causes.append(ProbableCause(title="None of the known changes", probability=found.get(NOBODY, 0.0)))
    rest = 1.0 - sum(cause.probability for cause in causes)
    if rest >= 0.005:
        causes.append(ProbableCause(title="Other changes, each below 3 %", probability=rest))
    return sorted(causes, key=lambda cause: -cause.probability)
