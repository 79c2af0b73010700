"""The side panel: a selected stretch, a change, statements, and pinning evidence."""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.attribution.queries import findings, latest_run, likeliest_tickets
from incidents.catalog.queries import permitted
from incidents.changes.log import links_of
from incidents.changes.queries import Change, artifacts_of, is_back_dated, is_unannounced, with_rollout
from incidents.charts.exposure import last_hour
from incidents.charts.labels import day, moment, percent
from incidents.charts.palette import classes
from incidents.charts.ratios import rate_ratio
from incidents.core.access import Action
from incidents.core.errors import NotThere
from incidents.documents.queries import notices_of
from incidents.metrics.queries import metrics_of
from incidents.response.queries import changes_of, incident_for, statements_of, zone_of
from incidents.tickets.inbox import TicketFilter, ticket_page, tickets_matching
from incidents.tickets.queries import segment_counts, symptom_totals, tickets_in
from incidents.tickets.terms import distinctive_terms
from incidents.web.attribution.evidence import DIRECTIONS, sentence
from incidents.web.overlay.curves import BASES, adoption_of, line_of
from incidents.web.overlay.selection import chosen_words, selection_of
from incidents.web.overlay.state import OverlayState, read_state, read_window
from incidents.web.segments import segment_query

PAGE = 20
MOST_LIKELY = 6
# Edges of a change closer than this share their days before and after: one of them is shown.
LEAST_APART = dt.timedelta(days=2)


def _context(request: HttpRequest, state: OverlayState) -> dict[str, Any]:
    return {
        "state": state,
        "incident": state.incident,
        "case_id": state.incident.pk,
        "display_zone": state.zone,
        # The axis is in the case's zone: the panel beside it must not speak in another.
        "preferred_zone": None,
        "filter_words": chosen_words(state),
        "filter_query": segment_query(state.chosen),
        "may_attribute": permitted(request.user, Action.ATTRIBUTE, state.incident.product),
        "may_pin": permitted(request.user, Action.EDIT_CASE, state.incident.product),
    }


@require_safe
@login_required
def selection(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show what is special about a stretch of time, and its tickets; with `after`, further tickets alone."""
    state = read_state(request, incident_for(request.user, case_id))
    start, end = read_window(request.GET, state.incident, state.zone, first="sel_from", last="sel_to")
    page = ticket_page(tickets_in(state.complaints(start, end)), after=request.GET.get("after", ""), size=PAGE)
    context = _context(request, state) | {"page": page, "next_query": _next_query(request, page.next_key)}
    if request.GET.get("after"):
        return render(request, "overlay/tickets.html", context)
    return render(request, "overlay/selection.html", context | {"found": selection_of(state, start, end)})


@require_safe
@login_required
def selection_terms(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show the words that a stretch's complaints use more often than those of the rest of the case."""
    state = read_state(request, incident_for(request.user, case_id))
    start, end = read_window(request.GET, state.incident, state.zone, first="sel_from", last="sel_to")
    incident = state.incident
    spans = (start, end), (incident.starts_at, start), (end, incident.ends_at)
    asked = [state.complaints(*span) for span in spans]
    here, *rest = [
        (wanted, float(sum(segment_counts(wanted).values()))) for wanted in asked if wanted.start < wanted.end
    ]
    return render(request, "overlay/terms.html", {"found": distinctive_terms(here[0], rest, here[1])})


def _next_query(request: HttpRequest, key: str) -> str:
    query = request.GET.copy()
    query["after"] = key
    return query.urlencode()


@require_safe
@login_required
def statements(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show statements by their ids, in order of time."""
    state = read_state(request, incident_for(request.user, case_id))
    ids = [int(part) for part in request.GET.get("ids", "").split(",") if part.isascii() and part.isdigit()][:500]
    rows = statements_of(state.incident).filter(pk__in=ids)
    return render(request, "overlay/statements.html", _context(request, state) | {"rows": rows})


@require_safe
@login_required
def change(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Show one change of the case: its times, scope, course, links, texts, and what the latest run says of it."""
    state = read_state(request, incident_for(request.user, case_id))
    every = with_rollout(changes_of(state.incident))
    row = next((one for one in every if one.pk == change_id), None)
    if row is None:
        raise NotThere("That change is not part of this case.")
    run = latest_run(state.incident)
    finding = None
    if run is not None:
        finding = next((one for one in findings(run).changes if one.key == str(row.pk)), None)
    line, basis = line_of(state, row, adoption_of(state, every))
    names = {str(one.pk): one for one in every}
    titles = {key: one.title for key, one in names.items()}
    titles |= dict(metrics_of(state.incident.product).values_list("key", "name"))
    context = _context(request, state) | {
        "change": row,
        "classes": classes(row.colour),
        "back_dated": is_back_dated(row),
        "unannounced": is_unannounced(row),
        "scope": [(_name(state, key), values) for key, values in sorted(row.scope.items())],
        "scope_query": segment_query({key: [str(value) for value in values] for key, values in row.scope.items()}),
        "links": links_of(row),
        "artifacts": artifacts_of(row),
        "curve": _curve(state, line),
        "basis": BASES.get(basis, ""),
        "finding": finding,
        "run": run,
        "twins": [names[key] for key in finding.indistinguishable_from if key in names] if finding else [],
        "edges": _edges(state, row),
        "evidence": [
            (DIRECTIONS[item.direction], sentence(item, end_kind=row.end_kind, names=titles))
            for item in (finding.evidence if finding else ())
        ],
        "notices": notices_of(row),
        "times": _times(state, row),
    }
    return render(request, "overlay/change.html", context)


@require_safe
@login_required
def change_tickets(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Show the tickets that the latest run holds a change most likely to have caused."""
    incident = incident_for(request.user, case_id)
    run = latest_run(incident)
    likely = dict(likeliest_tickets(run, change_id, most=MOST_LIKELY)) if run is not None else {}
    rows = {row.pk: row for row in tickets_matching(incident.product, TicketFilter()).filter(pk__in=list(likely))}
    told = [(rows[pk], share) for pk, share in likely.items() if pk in rows]
    return render(
        request, "overlay/likely.html", {"rows": told, "display_zone": zone_of(incident), "preferred_zone": None}
    )


def _times(state: OverlayState, row: Change) -> list[tuple[str, str]]:
    """Return the change's times in words; of some only the day is known, and only the day is said."""
    named = [
        ("Took effect", "started_at", row.started_at, "not told"),
        ("Ended", "ended_at", row.ended_at, "still in force"),
        ("Found out", "discovered_at", row.discovered_at, "not told"),
        ("Announced", "announced_at", row.announced_at, "never"),
        ("Entered here", "recorded_at", row.recorded_at, ""),
    ]
    told = []
    for label, field, at, otherwise in named:
        if at is None:
            words = otherwise
        elif field in row.day_fields:
            # An end known by its day is kept as the first moment after that day.
            last = at - dt.timedelta(microseconds=1) if field == "ended_at" else at
            words = day(last.astimezone(state.zone))
        else:
            words = moment(at, state.zone)
        told.append((label, words))
    return told


def _name(state: OverlayState, key: str) -> str:
    return next((name for known, name, _ in state.dimensions if known == key), key)


CURVE = (320.0, 56.0)


def _curve(state: OverlayState, line: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    """Return the rollout's course as SVG points over its own time, with the hours at its ends."""
    width, height = CURVE
    first, last = line[0][0], max(last_hour(line), line[0][0] + 1.0)
    scale = width / (last - first)
    points = [((at - first) * scale, height - share * (height - 4)) for at, share in line]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"0,{height} {path} {points[-1][0]:.1f},{height}"
    origin = state.axis.origin
    return {
        "points": path,
        "area": area,
        "width": width,
        "height": height,
        "first_at": origin + dt.timedelta(hours=first),
        "last_at": origin + dt.timedelta(hours=last),
        "peak": max(share for _, share in line),
    }


def _edges(state: OverlayState, row: Change) -> list[dict[str, Any]]:
    """Return complaints per day in the three days before and after each edge of the change, inside the window."""
    edges = [("Start", row.started_at)]
    for at, share in row.steps:
        if at - edges[-1][1] >= LEAST_APART:
            edges.append((f"{percent(share)} reached", at))
    if row.ended_at is not None:
        edges.append((row.get_end_kind_display() or "End", row.ended_at))
    reach = dt.timedelta(days=3)
    incident = state.incident
    found = []
    for name, at in edges:
        before = max(at - reach, incident.starts_at), at
        after = at, min(at + reach, incident.ends_at)
        if before[1] - before[0] < reach / 6 or after[1] - after[0] < reach / 6:
            continue
        counts = [sum(symptom_totals(state.complaints(*window)).values()) for window in (before, after)]
        days = [(window[1] - window[0]) / dt.timedelta(days=1) for window in (before, after)]
        found.append(
            {
                "name": name,
                "at": at,
                "before": counts[0] / days[0],
                "after": counts[1] / days[1],
                "ratio": rate_ratio(counts[1], days[1], counts[0], days[0]),
            }
        )
    return found
