"""The inbox: a list to walk through by keyboard, one ticket beside it, one press for each decision."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import permitted, product_by_slug, symptoms_of
from incidents.charts.labels import plural
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError
from incidents.response.queries import visible_incidents
from incidents.tickets.desk import (
    accept_proposals,
    assign,
    assign_many,
    forget_view,
    save_view,
    set_status_of,
    views_of,
)
from incidents.tickets.duplicates import merge_tickets
from incidents.tickets.enums import TicketStatus
from incidents.tickets.inbox import ASSERTED, UNSURE, decide_symptoms, set_ticket_status, ticket_for
from incidents.tickets.marking import marked_text
from incidents.tickets.privacy import masked
from incidents.tickets.versions import ask_for_training
from incidents.web.people import signed_in
from incidents.web.products import product_context
from incidents.web.tickets.causes import probable_causes
from incidents.web.tickets.reply import reply_for
from incidents.web.tickets.stated import stated_parts
from incidents.web.tickets.views import listing

View = Callable[..., HttpResponse]
# Members of the address that are no filter.
_NOT_FILTER = ("after", "product", "at")


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Show what waits, the newest first; rows alone where the list goes on."""
    context = {"section": "tickets"} | product_context(request)
    product = context["product"]
    if product is not None:
        cases = list(visible_incidents(request.user).filter(product=product))
        case = next((one for one in cases if str(one.pk) == request.GET.get("case", "")), None)
        window = {} if case is None else {"starts_at": case.starts_at, "ends_at": case.ends_at}
        context |= listing(request, product, status_by_default=TicketStatus.NEW, **window)
        context |= {"cases": cases, "chosen_case": case.pk if case is not None else None}
        context["is_filtered"] = context["is_filtered"] or case is not None
        zone = ZoneInfo(product.timezone)
        kept = [(name, value) for name, value in request.GET.lists() if name not in _NOT_FILTER]
        context |= {
            "display_zone": zone,
            "zone": zone,
            "may_triage": permitted(request.user, Action.TRIAGE, product),
            "views": list(views_of(signed_in(request), product)),
            "view_query": urlencode(kept, doseq=True),
        }
    rows_only = request.GET.get("after") and request.headers.get("HX-Request")
    return render(request, "tickets/inbox_rows.html" if rows_only else "tickets/inbox.html", context)


@require_safe
@login_required
def card(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show one ticket as a part of the inbox: words with what speaks for a symptom marked, proposals, causes, reply."""
    row = ticket_for(request.user, ticket_id)
    zone = ZoneInfo(row.product.timezone)
    cases = list(
        visible_incidents(request.user).filter(
            product=row.product, starts_at__lte=row.reported_at, ends_at__gt=row.reported_at
        )
    )
    causes = probable_causes(row, cases)
    segment, onset = stated_parts(row)
    by_symptom = {label.symptom_id: label for label in row.labels.all()}
    proposed = {label.symptom.key for label in row.labels.all() if label.confidence >= UNSURE[0]}
    context = {
        "ticket": row,
        "zone": zone,
        "display_zone": zone,
        "marked": marked_text(row.product, masked(row.title), masked(row.text), proposed=proposed),
        "choices": [
            {"symptom": one, "label": by_symptom.get(one.pk), "key": str(place) if place < 10 else ""}
            for place, one in enumerate(symptoms_of(row.product), 1)
        ],
        "asserted": ASSERTED,
        "segment": [one for one in segment if one.value],
        "stated_onset": onset,
        "causes": causes,
        "reply": reply_for(request, row, causes),
        "may_triage": permitted(request.user, Action.TRIAGE, row.product),
        "is_mine": row.assigned_to_id == request.user.pk,
    }
    return render(request, "tickets/card.html", context)


def told_as_json(view: View) -> View:
    """Answer what a person can mend with 422 and a sentence, for the page to show."""

    def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            return view(request, **arguments)
        except InputError as refused:
            one = refused.problems[0]
            return JsonResponse({"text": f"{one.message[:1].upper()}{one.message[1:]}: {one.remedy}."}, status=422)
        except Conflict as refused:
            return JsonResponse({"text": str(refused)}, status=422)

    return wrapped


@require_POST
@login_required
@told_as_json
def act(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Carry out one press on one ticket and say what was done."""
    user = signed_in(request)
    row = ticket_for(user, ticket_id, Action.TRIAGE)
    done = request.POST.get("do", "")
    if done == "decide":
        wanted = set(request.POST.getlist("symptom"))
        symptoms = [one for one in symptoms_of(row.product) if one.key in wanted]
        decide_symptoms(actor=user, ticket=row, symptoms=symptoms)
        ask_for_training(actor=user, product=row.product, only_if_due=True)
        text = f"Triaged: {', '.join(one.name for one in symptoms) or 'no symptom'}."
    elif done in TicketStatus.values:
        set_ticket_status(actor=user, ticket=row, status=TicketStatus(done))
        text = f"{TicketStatus(done).label}."
    elif done == "take":
        mine = row.assigned_to_id == user.pk
        assign(actor=user, ticket=row, to=None if mine else user)
        text = "Given back to everyone." if mine else "Yours."
    elif done == "merge":
        number = request.POST.get("other", "")
        other = ticket_for(user, int(number) if number.isdigit() and len(number) < 19 else 0, Action.TRIAGE)
        # The older one is kept: its time is nearer to the onset.
        kept, gone = sorted((row, other), key=lambda one: (one.reported_at, one.pk))
        merge_tickets(actor=user, kept=kept, others=[gone])
        text = "Merged: the older ticket counts for both."
    else:
        return JsonResponse({"text": "There is no such action."}, status=422)
    row.refresh_from_db()
    return JsonResponse({"text": text, "status": row.status, "label": row.get_status_display()})


@require_POST
@login_required
@told_as_json
def act_on_many(request: HttpRequest, slug: str) -> HttpResponse:
    """Carry out one press on all chosen tickets."""
    user = signed_in(request)
    product = product_by_slug(user, slug)
    ids = [int(text) for text in request.POST.getlist("ticket") if text.isdigit() and len(text) < 19]
    done = request.POST.get("do", "")
    if done == "accept":
        n = accept_proposals(actor=user, product=product, ticket_ids=ids)
        ask_for_training(actor=user, product=product, only_if_due=True)
        text, status = f"{plural(n, 'ticket')} accepted as proposed.", TicketStatus.TRIAGED
    elif done in (TicketStatus.DISMISSED, TicketStatus.NEW):
        status = TicketStatus(done)
        n = set_status_of(actor=user, product=product, ticket_ids=ids, status=status)
        text = f"{plural(n, 'ticket')}: {status.label.lower()}."
    elif done == "take":
        n = assign_many(actor=user, product=product, ticket_ids=ids, to=user)
        return JsonResponse({"text": f"{plural(n, 'ticket')} yours.", "status": ""})
    else:
        return JsonResponse({"text": "There is no such action."}, status=422)
    return JsonResponse({"text": text, "status": status, "label": status.label})


@require_POST
@login_required
def view_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filter of the inbox under a name, or forget one that was kept."""
    user = signed_in(request)
    product = product_by_slug(user, slug)
    forget = request.POST.get("forget", "")
    query = request.POST.get("query", "")[:2000]
    if forget.isdigit() and len(forget) < 19:
        forget_view(actor=user, view_id=int(forget))
    else:
        save_view(actor=user, product=product, name=request.POST.get("name", ""), query=query)
    back = redirect("inbox")
    back["Location"] += "?" + "&".join(part for part in (urlencode({"product": product.slug}), query) if part)
    return back
