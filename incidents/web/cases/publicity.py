"""Publicity of a case: recorded events, days on which everything rose at once, and what to do with them."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incidents.core.access import Action
from incidents.core.errors import WorkbenchError
from incidents.response.publicity import (
    dismiss_rise,
    dismissed_rises,
    record_publicity,
    remove_publicity,
    suggest_again,
    suggested_events,
)
from incidents.response.queries import publicity_of
from incidents.web.cases.frame import case_context
from incidents.web.people import signed_in


@require_http_methods(["GET", "POST"])
@login_required
def case_publicity(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show the events that made people complain more everywhere; record one, take one back."""
    action = Action.EDIT_CASE if request.method == "POST" else Action.VIEW
    context = case_context(request, case_id, "timeline", action)
    incident = context["incident"]
    if request.method == "POST":
        try:
            messages.success(request, _changed(request, incident, context["zone"]))
        except WorkbenchError as error:
            messages.error(request, str(error))
        return redirect("case-publicity", case_id=case_id)
    context |= {
        "events": publicity_of(incident),
        "suggested": suggested_events(incident),
        "dismissed": dismissed_rises(incident),
    }
    return render(request, "cases/publicity.html", context)


def _changed(request: HttpRequest, incident: Any, zone: dt.tzinfo) -> str:
    user = signed_in(request)
    removed = request.POST.get("remove", "")
    if removed.isdigit():
        remove_publicity(actor=user, incident=incident, event_id=int(removed))
        return "Taken back; the next attribution does without it."
    again = request.POST.get("again", "")
    if again.isdigit():
        suggest_again(actor=user, incident=incident, dismissed_id=int(again))
        return "The day is suggested again."
    try:
        day = dt.date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        raise WorkbenchError("Give the day of the event, for example 2026-03-26.") from None
    if request.POST.get("do") == "dismiss":
        dismiss_rise(actor=user, incident=incident, on=day, reason=request.POST.get("reason", ""))
        return "Dismissed: this day is not suggested again."
    at = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    record_publicity(actor=user, incident=incident, at=at, title=request.POST.get("title", ""), day_only=True)
    return "Recorded; the next attribution takes it into account."
