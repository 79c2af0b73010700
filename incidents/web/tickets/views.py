"""Pages of tickets: the list with its filters, one ticket with its labels."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import dimensions_of, permitted, symptoms_of
from incidents.charts.labels import plural
from incidents.core.access import Action
from incidents.core.audit import audit_trail
from incidents.response.queries import visible_incidents
from incidents.tickets.best import best_matches, best_page
from incidents.tickets.enums import LabelSource, TicketStatus
from incidents.tickets.inbox import (
    TicketFilter,
    channels_of,
    decide_symptoms,
    set_ticket_status,
    ticket_for,
    ticket_page,
    tickets_matching,
)
from incidents.tickets.privacy import private_parts
from incidents.tickets.reporters import erase_reporter, n_by_same_reporter, reveal_private
from incidents.tickets.similar import similar_tickets
from incidents.tickets.spelling import corrected
from incidents.tickets.tallies import tally
from incidents.tickets.versions import ask_for_training
from incidents.web.cases.frame import case_context
from incidents.web.people import signed_in
from incidents.web.products import product_context
from incidents.web.segments import chosen_segment, segment_query
from incidents.web.tickets.causes import causes_of, probable_causes
from incidents.web.tickets.stated import stated_parts


@require_safe
@login_required
def tickets(request: HttpRequest) -> HttpResponse:
    """List the tickets of one product; with several products, the reader chooses."""
    context = {"section": "tickets"} | product_context(request)
    product = context["product"]
    if product is not None:
        context |= listing(request, product)
        context |= {"with_causes": [(one, None) for one in context["page"].tickets]}
        context |= {"display_zone": ZoneInfo(product.timezone), "zone": ZoneInfo(product.timezone)}
    template = (
        "tickets/rows.html" if request.GET.get("after") and request.headers.get("HX-Request") else "tickets/list.html"
    )
    return render(request, template, context)


@require_safe
@login_required
def case_tickets(request: HttpRequest, case_id: int) -> HttpResponse:
    """List the tickets of a case."""
    context = case_context(request, case_id, "tickets")
    incident = context["incident"]
    context |= listing(request, incident.product, starts_at=incident.starts_at, ends_at=incident.ends_at)
    found = causes_of(context["page"].tickets, incident)
    context |= {"case_causes": True, "with_causes": [(one, found.get(one.pk)) for one in context["page"].tickets]}
    rows_only = request.GET.get("after") and request.headers.get("HX-Request")
    return render(request, "tickets/rows.html" if rows_only else "tickets/case.html", context)


def listing(request: HttpRequest, product: Any, *, status_by_default: str = "", **window: Any) -> dict[str, Any]:
    """Return one page of the tickets that the address asks for, and with the first page the choices of its filters."""
    query = request.GET
    dimensions = list(dimensions_of(product))
    segment = chosen_segment(query, [dimension.key for dimension in dimensions])
    chosen = _chosen(request, status_by_default=status_by_default, segment=segment, **window)
    rows = tickets_matching(product, chosen)
    ranking = best_matches(product, chosen) if chosen.words and query.get("sort") == "best" else None
    if ranking is not None:
        page = best_page(ranking, after=query.get("after", ""))
    else:
        page = ticket_page(rows, after=query.get("after", ""))
    mended = corrected(product, chosen.words) if chosen.words and not page.tickets and not query.get("after") else None
    if mended is not None:
        rows = tickets_matching(product, replace(chosen, words=mended))
        page = ticket_page(rows)
    following = query.copy()
    following["after"] = page.next_key
    if mended is not None:
        following["q"] = mended
    context: dict[str, Any] = {
        "page": page,
        "more_query": following.urlencode() if page.next_key else "",
        "chosen": chosen,
        "mended": mended,
        "is_best_first": ranking is not None and mended is None,
        "n_ranked": len(ranking.numbers) if ranking is not None and ranking.is_capped else None,
        "asked_words": chosen.words,
        "is_filtered": bool(
            chosen.symptom
            or chosen.status != status_by_default
            or chosen.words
            or chosen.channel
            or chosen.is_unsure
            or chosen.labelled_by
            or chosen.assigned_to
            or segment
        ),
    }
    if not query.get("after"):
        told = tally(rows, has_words=bool(chosen.words))
        context |= {
            "tally": told,
            "n_tickets": told.n,
            "symptoms": symptoms_of(product),
            "statuses": TicketStatus.choices,
            "channels": channels_of(product),
            "label_sources": LabelSource.choices,
            "dimensions": [(one, segment.get(one.key, [])) for one in dimensions],
            "segment_query": segment_query(segment),
        }
    return context


def _chosen(request: HttpRequest, *, status_by_default: str, **more: Any) -> TicketFilter:
    """Return the filter that the address asks for; what it does not know does not filter."""
    query = request.GET
    status, assigned = query.get("status", status_by_default), query.get("assigned", "")
    labelled_by = query.get("labelled_by", "")
    return TicketFilter(
        symptom=query.get("symptom", ""),
        status=status if status in TicketStatus.values else "",
        words=query.get("q", "").strip(),
        channel=query.get("channel", ""),
        labelled_by=labelled_by if labelled_by in LabelSource.values else "",
        is_unsure="unsure" in query,
        assigned_to=request.user.get_username() if assigned == "me" else "none" if assigned == "none" else "",
        **more,
    )


@require_safe
@login_required
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show one ticket: what was said, when it began, from where, its symptoms and its probable causes."""
    return render(request, "tickets/detail.html", _detail(request, ticket_for(request.user, ticket_id)))


@require_safe
@login_required
def ticket_similar(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """List the tickets that say nearly the same, as a part of the ticket's page."""
    row = ticket_for(request.user, ticket_id)
    context = {
        "similar": similar_tickets(row),
        "same_reporter": row.reporter,
        "n_by_reporter": n_by_same_reporter(row),
        "display_zone": ZoneInfo(row.product.timezone),
    }
    return render(request, "tickets/similar.html", context)


@require_POST
@cache_control(private=True, no_store=True)
@login_required
def ticket_raw(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show one ticket's text as it was written; the trail keeps who looked."""
    row = reveal_private(actor=signed_in(request), ticket=ticket_for(request.user, ticket_id))
    return render(request, "tickets/detail.html", _detail(request, row) | {"is_raw": True})


def _detail(request: HttpRequest, row: Any) -> dict[str, Any]:
    zone = ZoneInfo(row.product.timezone)
    cases = visible_incidents(request.user).filter(
        product=row.product, starts_at__lte=row.reported_at, ends_at__gt=row.reported_at
    )
    segment, onset = stated_parts(row)
    labels = sorted(row.labels.all(), key=lambda label: (-label.confidence, label.symptom.name))
    return {
        "section": "tickets",
        "ticket": row,
        "zone": zone,
        "display_zone": zone,
        "labels": labels,
        "shown": {label.symptom.pk for label in labels if label.confidence >= 0.5},
        "symptoms": symptoms_of(row.product),
        "statuses": TicketStatus.choices,
        "segment": segment,
        "stated_onset": onset,
        "causes": probable_causes(row, list(cases)),
        "cases": cases,
        "trail": audit_trail(row)[:20],
        "may_triage": permitted(request.user, Action.TRIAGE, row.product),
        "may_see_private": permitted(request.user, Action.SEE_PRIVATE, row.product),
        "n_by_reporter": n_by_same_reporter(row),
        "may_erase": permitted(request.user, Action.ADMINISTER, row.product),
        "n_private": len(private_parts(row.title)) + len(private_parts(row.text)),
    }


@require_POST
@login_required
def ticket_erase(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Erase whoever reported the ticket, from all their tickets of the product."""
    user = signed_in(request)
    row = ticket_for(user, ticket_id, Action.ADMINISTER)
    if request.POST.get("sure") != "yes":
        messages.error(request, "Nothing was erased: tick that you are sure first.")
    else:
        n = erase_reporter(actor=user, product=row.product, reporter=row.reporter)
        messages.success(request, f"Erased: {plural(n, 'ticket')} no longer hold any words or a reporter.")
    return redirect("ticket", ticket_id=row.pk)


@require_POST
@login_required
def ticket_decide(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Store a person's word on a ticket's symptoms or its place in triage."""
    user = signed_in(request)
    row = ticket_for(user, ticket_id, Action.TRIAGE)
    status = request.POST.get("status", "")
    if status in TicketStatus.values:
        set_ticket_status(actor=user, ticket=row, status=TicketStatus(status))
        messages.success(request, f"Marked as {TicketStatus(status).label.lower()}.")
    else:
        chosen = set(request.POST.getlist("symptom"))
        symptoms = [one for one in symptoms_of(row.product) if one.key in chosen]
        decide_symptoms(actor=user, ticket=row, symptoms=symptoms)
        ask_for_training(actor=user, product=row.product, only_if_due=True)
        messages.success(request, "Symptoms saved as your decision.")
    return redirect("ticket", ticket_id=row.pk)
