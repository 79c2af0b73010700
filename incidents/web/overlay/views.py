"""The overlay's page and the numbers behind it."""

import hashlib
from dataclasses import replace
from typing import Any

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.response.queries import incident_for, visible_version
from incidents.web.cases.frame import case_context
from incidents.web.overlay.front import GIVEN, form_of
from incidents.web.overlay.gzipped import gzipped
from incidents.web.overlay.kept import KEPT, Answer
from incidents.web.overlay.payload import NAMES, overlay_payload
from incidents.web.overlay.selection import facets
from incidents.web.overlay.state import read_state
from incidents.web.overlay.table import overlay_csv


@require_safe
@login_required
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show a case: its changes, complaints and metrics over one axis. The numbers follow by themselves."""
    context = case_context(request, case_id, "overlay")
    addresses = {
        "data": reverse("overlay-data", args=[case_id]),
        "csv": reverse("overlay-csv", args=[case_id]),
        "facets": reverse("overlay-facets", args=[case_id]),
        "selection": reverse("overlay-selection", args=[case_id]),
        "pins": reverse("overlay-pins", args=[case_id]),
        "statements": reverse("overlay-statements", args=[case_id]),
        "scratch": reverse("overlay-scratch", args=[case_id, 0]),
        "scratchAnswer": reverse("overlay-scratch-answer", args=[case_id, 0]),
        "change": reverse("overlay-change", args=[case_id, 0]),
    }
    incident = context["incident"]
    context["config"] = {
        "urls": addresses,
        "zone": incident.timezone,
        "origin": int(incident.starts_at.timestamp()),
        "end": int(incident.ends_at.timestamp()),
        "slug": incident.slug,
    }
    context["preferred_zone"] = None
    return render(request, "overlay/case.html", context)


@require_safe
@login_required
def overlay_data(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer what the page draws, compressed, with an ETag; what was answered before is not made again.

    The version is read before the numbers: a commit in between makes another one, under which nothing is kept yet.
    """
    key = (case_id, visible_version(request.user, case_id), request.META.get("QUERY_STRING", ""))
    answer = KEPT.get(key)
    if answer is None:
        try:
            state = read_state(request, incident_for(request.user, case_id))
        except InputError as error:
            return JsonResponse({"error": str(error)}, status=400)
        wanted = frozenset(request.GET.get("parts", "").split(",")) & NAMES or None
        answer = packed(overlay_payload(state, wanted))
        KEPT.put(key, answer)
    return _sent(request, answer)


def packed(payload: dict[str, Any]) -> Answer:
    """Return a payload as the bytes that are sent."""
    body = orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return Answer(body=body, compressed=gzipped(body), tag=tag)


def _sent(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Answer 304 where the reader has it already, gzip where the reader takes it; tell who wraps us what was given."""
    form = form_of(request.META, answer)
    response: HttpResponse
    if form == "304":
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(answer.body_as(form), content_type="application/json")
    if form == "gzip":
        response["Content-Encoding"] = "gzip"
    response["ETag"] = answer.tag
    response["Vary"] = "Accept-Encoding, Cookie"
    response["Cache-Control"] = "private, no-cache"
    request.META[GIVEN] = (answer, form)
    return response


@require_safe
@login_required
def overlay_facets(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer the segment filter's dimensions and values with counts."""
    state = read_state(request, incident_for(request.user, case_id))
    side = "vs" if request.GET.get("side") == "vs" else "seg"
    if side == "vs":
        state = replace(state, chosen=state.versus)
    return render(request, "overlay/facets.html", {"facets": facets(state), "side": side})


@require_safe
@login_required
def overlay_csv_view(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer what is shown as a table: complaints per symptom and bin, and metrics."""
    incident = incident_for(request.user, case_id, Action.EXPORT)
    state = read_state(request, incident)
    response = HttpResponse(overlay_csv(state), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{incident.slug}-overlay.csv"'
    return response
