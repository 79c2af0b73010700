"""The scratch scenario: one change moved by hand, attribution fitted again at once; stored only when it is saved."""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from incidents.attribution.live import sketch, warm_up
from incidents.attribution.queries import changes_by_id, moved_findings
from incidents.attribution.scenarios import Scenario, request_what_if
from incidents.changes.queries import Change
from incidents.charts.palette import classes
from incidents.core.access import Action
from incidents.core.errors import InputError, NotReady, NotThere
from incidents.response.queries import changes_of, incident_for
from incidents.web.attribution import runs
from incidents.web.overlay.state import OverlayState, read_state, read_time
from incidents.web.people import signed_in

LONGEST_LAG = 14 * 24.0  # hours
# Longer lists of values (client versions) are no help in a form.
MOST_VALUES = 40
SCOPE = "try_scope"


@require_safe
@login_required
def scratch(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Show the form of a scratch scenario; its answer is asked for by itself."""
    state = read_state(request, incident_for(request.user, case_id, Action.ATTRIBUTE))
    row = _change(state, change_id)
    scenario, problem = _read(request, state, row)
    wanted = scenario.scope if scenario.scope is not None else row.scope
    context = {
        "change": row,
        "classes": classes(row.colour),
        "case_id": case_id,
        "zone": state.zone.key,
        "scenario": scenario,
        "problem": problem,
        "start": _wall(state, scenario.started_at or row.started_at),
        "end": _wall(state, scenario.ended_at or row.ended_at),
        "scopes": [
            (name, [(f"{key}:{value}", value, value in wanted.get(key, [])) for value in values])
            for key, name, values in state.dimensions
            if len(values) <= MOST_VALUES
        ],
    }
    return render(request, "overlay/scratch.html", context)


@require_safe
@login_required
def scratch_answer(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Show what attribution says of the scratch scenario, beside the case as it is."""
    incident = incident_for(request.user, case_id, Action.ATTRIBUTE)
    state = read_state(request, incident)
    row = _change(state, change_id)
    scenario, problem = _read(request, state, row)
    context: dict[str, Any] = {"change": row, "case_id": case_id, "problem": problem}
    try:
        if problem:
            pass
        elif scenario == Scenario(change=row.pk):
            warm_up(incident=incident, change_id=row.pk, actor=signed_in(request))
            context["is_untouched"] = True
        else:
            found = sketch(incident=incident, scenario=scenario, actor=signed_in(request))
            context |= _difference(found.before, found.after) | {"seconds": found.seconds}
    except NotReady as error:
        context["problem"] = str(error)
    return render(request, "overlay/scratch_answer.html", context)


def _difference(before: Any, after: Any) -> dict[str, Any]:
    moved = moved_findings(before, after)
    titles = {pk: one.title for pk, one in changes_by_id([one.change for one in moved]).items()}
    return {"moved": runs.moved_findings(moved, titles), "unattributed": (before.unattributed, after.unattributed)}


@require_POST
@login_required
def save_scratch(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Ask for the scratch scenario as a what-if of the case: fitted in full, kept, found again under Attribution."""
    incident = incident_for(request.user, case_id, Action.ATTRIBUTE)
    state = read_state(request, incident)
    row = _change(state, change_id)
    scenario, problem = _read(request, state, row)
    if problem or scenario == Scenario(change=row.pk):
        context = {"change": row, "case_id": case_id, "problem": problem or "Move something first."}
        return render(request, "overlay/scratch_answer.html", context, status=422)
    job = request_what_if(incident=incident, scenario=scenario, actor=signed_in(request))
    return redirect("what-if-result", case_id=case_id, job_id=job.pk)


def _change(state: OverlayState, change_id: int) -> Change:
    row = changes_of(state.incident).filter(pk=change_id).first()
    if row is None:
        raise NotThere("That change is not part of this case.")
    return row


def _read(request: HttpRequest, state: OverlayState, row: Change) -> tuple[Scenario, str]:
    """Return what the address tries, and what is wrong with it in words; what is as it was is left out."""
    query = request.GET
    same = Scenario(change=row.pk)
    try:
        start, end = (read_time(query, name, state.zone) for name in ("try_start", "try_end"))
    except InputError as error:
        return same, str(error)
    scope = _scope(query.getlist(SCOPE)) if SCOPE in query else None
    lag = _lag(query.get("try_lag", ""))
    if lag is None:
        return same, f"The lag is a number of hours from 0 to {LONGEST_LAG:.0f}."
    if query.get("try_out") == "1":
        return Scenario(change=row.pk, leave_out=True), ""
    first, last = start or row.started_at, end or row.ended_at
    if last is not None and last <= first:
        return same, "The end must lie after the start."
    scenario = Scenario(
        change=row.pk,
        started_at=None if start == row.started_at else start,
        ended_at=None if end == row.ended_at else end,
        scope=None if scope == {key: list(values) for key, values in row.scope.items()} else scope,
        lag_hours=lag,
    )
    return scenario, ""


def _scope(told: list[str]) -> dict[str, list[str]]:
    """Read "dimension:value" entries; none (or an empty one alone) is everybody."""
    found: dict[str, list[str]] = {}
    for one in told:
        key, _, value = one.partition(":")
        if value:
            found.setdefault(key, []).append(value)
    return found


def _lag(text: str) -> float | None:
    try:
        lag = float(text or 0.0)
    except ValueError:
        return None
    return lag if 0.0 <= lag <= LONGEST_LAG else None


def _wall(state: OverlayState, at: dt.datetime | None) -> str:
    """Return a time as a datetime-local input wants it, in the case's zone."""
    return "" if at is None else at.astimezone(state.zone).strftime("%Y-%m-%dT%H:%M")
