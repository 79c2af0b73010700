"""The page of ready answers: what support says where a cause is known, suspected or not known; drafts and approval."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import dimensions_of, product_by_slug
from incidents.changes.log import newest
from incidents.core.errors import NotReady
from incidents.response import answers
from incidents.response.enums import AnswerStanding
from incidents.web.people import signed_in
from incidents.web.tickets.frame import back_to, tell, triage_context
from incidents.web.tickets.reply import NEUTRAL

MOST_CHANGES = 300


@require_safe
@login_required
def answer_list(request: HttpRequest) -> HttpResponse:
    """Show the answers of one product by standing, with what waits for approval."""
    context = triage_context(request, "answers")
    product = context["product"]
    if product is not None:
        rows = list(answers.answers_of(product))
        context |= {
            "groups": [
                (standing, NEUTRAL[standing], [row for row in rows if row.standing == standing])
                for standing in AnswerStanding
            ],
            "standings": AnswerStanding.choices,
            "changes": newest(request.user, product, MOST_CHANGES),
            "dimensions": [(one, [value.key for value in one.values.all()][:200]) for one in dimensions_of(product)],
            "may_write": answers.may_write(request.user, product),
            "longest": answers.LONGEST,
        }
    return render(request, "tickets/answers.html", context)


@require_POST
@login_required
def answer_write(request: HttpRequest, slug: str) -> HttpResponse:
    """Write an answer; it waits for approval."""
    product = product_by_slug(request.user, slug)

    def write() -> str:
        standing, change, segment = (request.POST.get(name, "") for name in ("standing", "change", "segment"))
        if standing not in AnswerStanding.values:
            raise NotReady("Say whether the cause is known, suspected or not known.")
        name, _, value = segment.partition("=")
        answers.write_answer(
            actor=signed_in(request),
            product=product,
            standing=AnswerStanding(standing),
            text=request.POST.get("text", ""),
            change_id=int(change) if change.isdigit() and len(change) < 19 else None,
            segment={name: [value]} if name else {},
        )
        return "Written; it is used once a colleague approves it."

    tell(request, write)
    return back_to("triage-answers", slug)


@require_POST
@login_required
def answer_act(request: HttpRequest, answer_id: int) -> HttpResponse:
    """Approve a draft, throw it away, write it anew, or take an answer out of use."""
    user = signed_in(request)
    row: Any = answers.answer_for(user, answer_id)

    def act() -> str:
        done, text = request.POST.get("do", ""), request.POST.get("text", "")
        if done == "approve":
            answers.approve_answer(actor=user, answer=row, text=text)
            return "Approved: support answers with it from now on."
        if done == "discard":
            answers.discard_draft(actor=user, answer=row)
            return "The draft is gone."
        if done == "retire":
            answers.retire_answer(actor=user, answer=row)
            return "Out of use from now on."
        answers.write_answer(
            actor=user,
            product=row.product,
            standing=AnswerStanding(row.standing),
            text=text,
            change_id=row.change_id,
            segment=row.segment,
        )
        return "Written; it is used once a colleague approves it."

    tell(request, act)
    return back_to("triage-answers", row.product.slug)
