"""The pages beside the tickets: segment rules, reporting delays, duplicates, emerging topics, how long texts stay."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import permitted, product_by_slug
from incidents.core.access import Action
from incidents.core.errors import NotReady, WorkbenchError
from incidents.jobs.queries import is_final, latest_job
from incidents.tickets import delays, duplicates, readings, reporters, topics
from incidents.tickets.extraction.rules import RuleError, parse_rules, run_trials
from incidents.tickets.inbox import ticket_for
from incidents.web.people import signed_in
from incidents.web.products import product_context

SHOWN = 40
_TABS = (
    ("quality", "Classifier", "triage-quality"),
    ("topics", "New topics", "triage-topics"),
    ("duplicates", "Duplicates", "triage-duplicates"),
    ("rules", "Segment rules", "triage-rules"),
    ("delays", "Reporting delay", "triage-delays"),
    ("texts", "Kept texts", "triage-texts"),
)


def triage_tabs(slug: str, current: str) -> list[dict[str, Any]]:
    """Return the tabs over the pages beside the tickets."""
    return [
        {"label": label, "url": f"{reverse(name)}?product={slug}", "is_current": key == current}
        for key, label, name in _TABS
    ]


def _context(request: HttpRequest, current: str) -> dict[str, Any]:
    context = {"section": "tickets"} | product_context(request)
    product = context["product"]
    if product is not None:
        zone = ZoneInfo(product.timezone)
        context |= {
            "display_zone": zone,
            "zone": zone,
            "tabs": triage_tabs(product.slug, current),
            "may_triage": permitted(request.user, Action.TRIAGE, product),
            "may_administer": permitted(request.user, Action.ADMINISTER, product),
        }
    return context


def _running(kind: str, product_id: int) -> int | None:
    job = latest_job(kind=kind, product=product_id)
    return job.pk if job is not None and not is_final(job) else None


def _back(name: str, slug: str) -> HttpResponse:
    return redirect(f"{reverse(name)}?product={slug}")


@require_safe
@login_required
def topic_list(request: HttpRequest) -> HttpResponse:
    """Show complaints that no symptom fits, gathered by their words."""
    context = _context(request, "topics")
    product = context["product"]
    if product is not None:
        rows = list(topics.open_topics(product)[:SHOWN])
        context |= {
            "cards": [
                {"topic": row, "rate": topics.topic_rate(row), "tickets": list(topics.topic_tickets(row)[:3])}
                for row in rows
            ],
            "running": _running(topics.TOPICS_JOB, product.pk),
        }
    return render(request, "tickets/topics.html", context)


@require_POST
@login_required
def topics_refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the topics to be brought up to date."""
    product = product_by_slug(request.user, slug)
    topics.ask_for_topics(actor=signed_in(request), product=product)
    messages.success(request, "The tickets that no symptom fits are being gathered.")
    return _back("triage-topics", slug)


@require_POST
@login_required
def topic_decide(request: HttpRequest, topic_id: int) -> HttpResponse:
    """Make a topic a symptom, or dismiss it."""
    user = signed_in(request)
    topic = topics.topic_for(user, topic_id)
    try:
        if request.POST.get("decision") == "accept":
            symptom = topics.accept_topic(
                actor=user,
                topic=topic,
                name=request.POST.get("name", ""),
                description=request.POST.get("description", "")[:2000],
            )
            messages.success(request, f"“{symptom.name}” is a symptom now; undecided tickets are being labelled anew.")
        else:
            topics.dismiss_topic(actor=user, topic=topic)
            messages.success(request, "Dismissed: tickets like these will not come up as new again.")
    except WorkbenchError as error:
        messages.error(request, str(error))
    return _back("triage-topics", topic.product.slug)


@require_safe
@login_required
def duplicate_list(request: HttpRequest) -> HttpResponse:
    """Show pairs of tickets that may be one complaint."""
    context = _context(request, "duplicates")
    product = context["product"]
    if product is not None:
        rows = duplicates.open_proposals(product)
        context |= {
            "proposals": list(rows[:SHOWN]),
            "n_open": rows.count(),
            "merged": list(duplicates.merges_in(product)[:SHOWN]),
            "running": _running(duplicates.DUPLICATES_JOB, product.pk),
        }
    return render(request, "tickets/duplicates.html", context)


@require_POST
@login_required
def duplicates_refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a search for duplicates."""
    product = product_by_slug(request.user, slug)
    duplicates.ask_for_duplicates(actor=signed_in(request), product=product)
    messages.success(request, "Duplicates are being looked for.")
    return _back("triage-duplicates", slug)


@require_POST
@login_required
def duplicate_decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Merge two tickets, say that they are two, or take a merge apart."""
    user = signed_in(request)
    proposal = duplicates.proposal_for(user, proposal_id)
    decision = request.POST.get("decision")
    try:
        if decision == "merge":
            row = duplicates.accept_proposal(actor=user, proposal=proposal)
            messages.success(
                request,
                "Merged: the older ticket counts for both." if row.gained_weight else "Merged: one person counts once.",
            )
        elif decision == "undo":
            duplicates.undo_merge(actor=user, proposal=proposal)
            messages.success(request, "Taken apart: both count as before.")
        else:
            duplicates.dismiss_proposal(actor=user, proposal=proposal)
            messages.success(request, "Kept as two tickets.")
    except WorkbenchError as error:
        messages.error(request, str(error))
    return _back("triage-duplicates", proposal.product.slug)


@login_required
def rules(request: HttpRequest) -> HttpResponse:
    """Show a product's rules for segments with their examples; try them or save them."""
    context = _context(request, "rules")
    product = context["product"]
    if product is None:
        return render(request, "tickets/rules.html", context)
    dimensions = readings.dimension_values(product)
    text = readings.rules_text(product)
    problem = ""
    if request.method == "POST":
        text = request.POST.get("rules", "")[:100_000]
        try:
            if request.POST.get("action") == "save":
                readings.save_rules(actor=signed_in(request), product=product, text=text)
                messages.success(request, "Saved; all tickets are being read anew.")
                return _back("triage-rules", product.slug)
        except NotReady as error:
            problem = str(error)
    try:
        book = parse_rules(text, dimensions)
    except RuleError as error:
        problem, book = str(error), parse_rules("", dimensions)
    context |= {
        "text": text,
        "problem": problem,
        "results": run_trials(book, dimensions),
        "sample": next(
            ({"dimension": name, "value": values[0]} for name, values in dimensions.items() if values), None
        ),
        "dimensions": [(name, values[:8], max(0, len(values) - 8)) for name, values in dimensions.items()],
        "running": _running(readings.READ_JOB, product.pk),
    }
    return render(request, "tickets/rules.html", context, status=422 if problem else 200)


@require_safe
@login_required
def delay_list(request: HttpRequest) -> HttpResponse:
    """Show how long people take to report, per channel."""
    context = _context(request, "delays")
    if context["product"] is not None:
        context["delays"] = delays.reporting_delays(context["product"])
    return render(request, "tickets/delays.html", context)


@require_safe
@login_required
def texts(request: HttpRequest) -> HttpResponse:
    """Show how long tickets keep their words, and what a rule would erase."""
    context = _context(request, "texts")
    product = context["product"]
    if product is not None:
        rule = reporters.retention_of(product)
        asked = request.GET.get("days", "")
        days = int(asked) if asked.isdigit() and 0 < int(asked) < 100_000 else rule.days if rule else 365
        context |= {
            "rule": rule,
            "days": days,
            "preview": reporters.retention_preview(product=product, days=days, now=timezone.now()),
        }
    return render(request, "tickets/texts.html", context)


@require_POST
@login_required
def texts_set(request: HttpRequest, slug: str) -> HttpResponse:
    """Say how long a product's tickets keep their words."""
    product = product_by_slug(request.user, slug)
    asked = request.POST.get("days", "")
    try:
        if request.POST.get("action") == "keep":
            reporters.set_retention(actor=signed_in(request), product=product, days=None)
            messages.success(request, "Texts are kept for ever.")
        elif not asked.isdigit() or request.POST.get("sure") != "yes":
            messages.error(request, "Nothing changed: give a number of days, and tick that you are sure.")
        else:
            reporters.set_retention(actor=signed_in(request), product=product, days=int(asked))
            messages.success(request, "Saved: texts older than that are erased once a day.")
    except NotReady as error:
        messages.error(request, str(error))
    return _back("triage-texts", slug)


@require_POST
@login_required
def ticket_segment(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Store a person's word on a ticket's segment: only what differs from what is known."""
    user = signed_in(request)
    row = ticket_for(user, ticket_id, Action.TRIAGE)
    now = row.stated_segment.values if row.stated_segment is not None else row.segment.values
    n = 0
    for name in readings.dimension_values(row.product):
        value = request.POST.get(name)
        if value is not None and value != now.get(name, ""):
            try:
                readings.correct_segment(actor=user, ticket=row, dimension=name, value=value)
                n += 1
            except NotReady as error:
                messages.error(request, str(error))
    messages.success(request, "Segment saved as your decision." if n else "The segment is as it was.")
    return redirect("ticket", ticket_id=row.pk)
