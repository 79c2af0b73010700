"""Windows of the overlay that somebody pinned as evidence: pinning, the list, taking back."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import permitted
from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.response.enums import EvidenceKind
from incidents.response.evidence import pin_evidence, unpin_evidence
from incidents.response.queries import incident_for, pinned_evidence
from incidents.tickets.queries import symptom_totals
from incidents.web.overlay.contrasts import segment_words
from incidents.web.overlay.state import OverlayState, read_state, read_window
from incidents.web.people import signed_in
from incidents.web.segments import segment_query


def pins_of(state: OverlayState) -> list[list[Any]]:
    """Return [start, end, note, id] (hours on the axis) of the pinned windows that meet the shown one."""
    low, high = state.axis.shown
    told: list[list[Any]] = [
        [round(state.axis.hours(row.starts_at), 3), round(state.axis.hours(row.ends_at), 3), row.note[:160], row.pk]
        for row in pinned_evidence(state.incident).filter(kind=EvidenceKind.WINDOW, starts_at__isnull=False)
        if row.starts_at is not None and row.ends_at is not None
    ]
    return sorted(one for one in told if one[0] < high and one[1] > low)


@require_safe
@login_required
def pins(request: HttpRequest, case_id: int) -> HttpResponse:
    """List what is pinned, with the way back to each window."""
    return _list(request, read_state(request, incident_for(request.user, case_id)))


def _list(request: HttpRequest, state: OverlayState, **more: Any) -> HttpResponse:
    rows = [
        (row, _address(row), segment_words(state, row.segment_filter) if row.segment_filter else "")
        for row in pinned_evidence(state.incident)
    ]
    context = {
        "rows": rows,
        "case_id": state.incident.pk,
        "display_zone": state.zone,
        "preferred_zone": None,
        "may_pin": permitted(request.user, Action.EDIT_CASE, state.incident.product),
    }
    return render(request, "overlay/pins.html", context | more)


def _address(row: Any) -> str:
    """Return the overlay's address under which the pinned window is selected again; empty for other evidence."""
    if row.starts_at is None or row.ends_at is None:
        return ""
    parts = [f"sel_from={row.starts_at:%Y-%m-%dT%H:%MZ}", f"sel_to={row.ends_at:%Y-%m-%dT%H:%MZ}"]
    if row.segment_filter:
        parts.append(segment_query(row.segment_filter))
    if row.figures.get("clock") == "report":
        parts.append("clock=report")
    return "?" + "&".join(parts)


@require_POST
@login_required
def unpin(request: HttpRequest, case_id: int, evidence_id: int) -> HttpResponse:
    """Take a pin back; the audit trail keeps that it was there."""
    incident = incident_for(request.user, case_id, Action.EDIT_CASE)
    unpin_evidence(actor=signed_in(request), incident=incident, evidence_id=evidence_id)
    return _list(request, read_state(request, incident), taken_back=True)


@require_POST
@login_required
def pin(request: HttpRequest, case_id: int) -> HttpResponse:
    """Pin a stretch of the overlay as evidence, with its figures as they are now."""
    incident = incident_for(request.user, case_id, Action.EDIT_CASE)
    state = read_state(request, incident)
    try:
        start, end = read_window(request.POST, incident, state.zone, first="sel_from", last="sel_to")
    except InputError as error:
        return render(request, "overlay/pinned.html", {"error": str(error)}, status=422)
    n = sum(symptom_totals(state.complaints(start, end)).values())
    evidence = pin_evidence(
        actor=signed_in(request),
        incident=incident,
        kind=EvidenceKind.WINDOW,
        starts_at=start,
        ends_at=end,
        segment_filter=state.chosen,
        figures={"complaints": round(n, 2), "clock": state.clock.value},
        note=request.POST.get("note", "")[:2000],
    )
    return render(request, "overlay/pinned.html", {"evidence": evidence, "case_id": case_id})
