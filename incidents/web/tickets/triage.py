"""The pages beside the tickets: segment rules, reporting delays, duplicates, emerging topics, how long texts stay."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import product_by_slug
from incidents.core.access import Action
from incidents.core.errors import NotReady
from incidents.response.queries import visible_incidents
from incidents.tickets import delays, duplicates, readings, reporters, topics
from incidents.tickets.extraction.rules import RuleError, parse_rules, run_trials
from incidents.tickets.inbox import ticket_for
from incidents.web.people import signed_in
from incidents.web.tickets.frame import back_to, running_job, tell, triage_context

SHOWN = 40


@require_safe
@login_required
def topic_list(request: HttpRequest) -> HttpResponse:
    """Show complaints that no symptom fits, gathered by their words."""
    context = triage_context(request, "topics")
    product = context["product"]
    if product is not None:
        cases = list(visible_incidents(request.user).filter(product=product))
        context |= {
            "cards": [_card(row, cases) for row in topics.open_topics(product)[:SHOWN]],
            "running": running_job(product.pk, topics.TOPICS_JOB),
        }
    return render(request, "tickets/topics.html", context)


def _card(topic: Any, cases: Sequence[Any]) -> dict[str, Any]:
    """Return what the page shows of a topic: its rate, some tickets, and the case in whose window the newest lies."""
    newest = list(topics.topic_tickets(topic)[:3])
    case = next((one for one in cases if newest and one.starts_at <= newest[0].reported_at < one.ends_at), None)
    return {"topic": topic, "rate": topics.topic_rate(topic), "tickets": newest, "case": case}


@require_POST
@login_required
def topic_decide(request: HttpRequest, topic_id: int) -> HttpResponse:
    """Make a topic a symptom, or dismiss it."""
    user = signed_in(request)
    topic = topics.topic_for(user, topic_id)

    def decide() -> str:
        if request.POST.get("decision") != "accept":
            topics.dismiss_topic(actor=user, topic=topic)
            return "Dismissed: tickets like these will not come up as new again."
        description = request.POST.get("description", "")
        symptom = topics.accept_topic(
            actor=user, topic=topic, name=request.POST.get("name", ""), description=description
        )
        return f"“{symptom.name}” is a symptom now; undecided tickets are being labelled anew."

    tell(request, decide)
    return back_to("triage-topics", topic.product.slug)


@require_safe
@login_required
def duplicate_list(request: HttpRequest) -> HttpResponse:
    """Show pairs of tickets that may be one complaint."""
    context = triage_context(request, "duplicates")
    product = context["product"]
    if product is not None:
        rows = duplicates.open_proposals(product)
        context |= {
            "proposals": list(rows[:SHOWN]),
            "n_open": rows.count(),
            "merged": list(duplicates.merges_in(product)[:SHOWN]),
            "running": running_job(product.pk, duplicates.DUPLICATES_JOB),
        }
    return render(request, "tickets/duplicates.html", context)


@require_POST
@login_required
def duplicate_decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Merge two tickets, say that they are two, or take a merge apart."""
    user = signed_in(request)
    proposal = duplicates.proposal_for(user, proposal_id)
    decision = request.POST.get("decision")

    def decide() -> str:
        if decision == "merge":
            row = duplicates.accept_proposal(actor=user, proposal=proposal)
            return (
                "Merged: the older ticket counts for both." if row.gained_weight else "Merged: one person counts once."
            )
        if decision == "undo":
            duplicates.undo_merge(actor=user, proposal=proposal)
            return "Taken apart: both count as before."
        duplicates.dismiss_proposal(actor=user, proposal=proposal)
        return "Kept as two tickets."

    tell(request, decide)
    return back_to("triage-duplicates", proposal.product.slug)


# What a person can ask for again: by which service, and what the page then says.
_SEARCHES: dict[str, tuple[Callable[..., Any], str]] = {
    "topics": (topics.ask_for_topics, "The tickets that no symptom fits are being gathered."),
    "duplicates": (duplicates.ask_for_duplicates, "Duplicates are being looked for."),
}


@require_POST
@login_required
def search_again(request: HttpRequest, slug: str, what: str) -> HttpResponse:
    """Ask for topics or duplicates to be looked for now."""
    product = product_by_slug(request.user, slug)
    ask, told = _SEARCHES[what]
    ask(actor=signed_in(request), product=product)
    messages.success(request, told)
    return back_to(f"triage-{what}", slug)


@login_required
def rules(request: HttpRequest) -> HttpResponse:
    """Show a product's rules for segments with their examples; try them or save them."""
    context = triage_context(request, "rules")
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
                return back_to("triage-rules", product.slug)
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
        "running": running_job(product.pk, readings.READ_JOB),
    }
    return render(request, "tickets/rules.html", context, status=422 if problem else 200)


@require_safe
@login_required
def delay_list(request: HttpRequest) -> HttpResponse:
    """Show how long people take to report, per channel."""
    context = triage_context(request, "delays")
    if context["product"] is not None:
        context["delays"] = delays.reporting_delays(context["product"])
    return render(request, "tickets/delays.html", context)


@require_safe
@login_required
def texts(request: HttpRequest) -> HttpResponse:
    """Show how long tickets keep their words, and what a rule would erase."""
    context = triage_context(request, "texts")
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
    return back_to("triage-texts", slug)


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
