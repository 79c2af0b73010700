"""What support may answer: written by support, approved by a colleague, chosen by what is known of a ticket's cause.

Only approved words reach a ticket's ready answer. A new wording waits as a draft while the approved one stays in use.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.catalog.queries import dimensions_of, permitted, require, visible_products
from incidents.changes.models import Change
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotPermitted, NotReady, NotThere
from incidents.response.enums import AnswerStanding
from incidents.response.models import SupportAnswer

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

LONGEST = 4000


def answers_of(product: Product) -> QuerySet[SupportAnswer]:
    """Return the product's answers that were not taken out of use, by standing."""
    rows = SupportAnswer.objects.filter(product=product, retired_at=None)
    return rows.select_related("change", "approved_by", "drafted_by").order_by("standing", "change_id", "pk")


def approved_answer(
    product: Product, standing: AnswerStanding, *, change_id: int | None, segment: Mapping[str, str]
) -> SupportAnswer | None:
    """Return the approved answer that fits best: about this change before any, of the narrowest segment that holds."""
    rows = answers_of(product).filter(standing=standing).exclude(text="")
    fitting = [
        row
        for row in rows
        if row.change_id in (None, change_id)
        and all(segment.get(name) in values for name, values in row.segment.items())
    ]
    return max(fitting, key=lambda row: (row.change_id is not None, len(row.segment), -row.pk), default=None)


def answer_for(user: "User | AnonymousUser", pk: int) -> SupportAnswer:
    """Return one answer if the person may see it."""
    found = SupportAnswer.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product")
    answer = found.first()
    if answer is None:
        raise NotThere("There is no such answer, or it is not yours to see.")
    return answer


@transaction.atomic
def write_answer(
    *,
    actor: "User",
    product: Product,
    standing: AnswerStanding,
    text: str,
    change_id: int | None = None,
    segment: Mapping[str, list[str]] | None = None,
) -> SupportAnswer:
    """Write an answer, or another wording of one that is there: it waits for approval."""
    _require_author(actor, product)
    text = text.strip()
    if not text:
        raise NotReady("Write what support should answer.")
    if len(text) > LONGEST:
        raise NotReady(f"The answer has {len(text):,} characters: keep it within {LONGEST:,}.")
    if standing == AnswerStanding.UNKNOWN and change_id is not None:
        raise NotReady("Where the cause is not known there is no change to speak of: choose known or suspected.")
    if change_id is not None and not Change.objects.filter(pk=change_id, product=product).exists():
        raise NotThere("There is no such change in this product.")
    narrowed = _segment(product, segment or {})
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    row = SupportAnswer.objects.filter(
        product=product, standing=standing, change=change_id, segment=narrowed, retired_at=None
    ).first()
    row = row or SupportAnswer(product=product, standing=standing, change_id=change_id, segment=narrowed)
    if row.text == text:
        raise Conflict("This very wording is approved already.")
    row.draft, row.drafted_by, row.drafted_at = text, actor, timezone.now()
    row.save()
    _note(actor, "answer written", row, text=text)
    return row


@transaction.atomic
def approve_answer(*, actor: "User", answer: SupportAnswer, text: str) -> None:
    """Approve the draft that was read; raises Conflict where it is another one by now."""
    require(actor, Action.APPROVE_DOCUMENT, answer.product)
    row = _held(answer)
    if not row.draft:
        raise Conflict("There is no draft to approve any more.")
    # A form sends line ends of its own.
    if row.draft.split() != text.split():
        raise Conflict("The draft was written anew meanwhile: read it again before you approve it.")
    if row.drafted_by_id == actor.pk:
        raise NotReady("Somebody else approves what you wrote.")
    row.text, row.approved_by, row.approved_at = row.draft, actor, timezone.now()
    row.draft, row.drafted_by, row.drafted_at = "", None, None
    row.save()
    _note(actor, "answer approved for support", row, text=row.text)


@transaction.atomic
def discard_draft(*, actor: "User", answer: SupportAnswer) -> None:
    """Throw a draft away; the approved wording stays in use. Without one nothing is left, and the answer goes."""
    _require_author(actor, answer.product)
    row = _held(answer)
    if not row.draft:
        raise Conflict("There is no draft any more.")
    _note(actor, "answer's draft discarded", row, text=row.draft)
    row.draft, row.drafted_by, row.drafted_at = "", None, None
    if not row.text:
        row.retired_at = timezone.now()
    row.save()


@transaction.atomic
def retire_answer(*, actor: "User", answer: SupportAnswer) -> None:
    """Take an answer out of use at once: no ticket is answered by it from now on."""
    _require_author(actor, answer.product)
    row = _held(answer)
    if row.retired_at is not None:
        raise Conflict("This answer is out of use already.")
    row.retired_at = timezone.now()
    row.save(update_fields=["retired_at"])
    _note(actor, "answer taken out of use", row, text=row.text)


def may_write(user: "User | AnonymousUser", product: Product) -> bool:
    """Tell whether the person may write answers: whoever triages, and whoever writes documents."""
    return permitted(user, Action.TRIAGE, product) or permitted(user, Action.EDIT_DOCUMENT, product)


def _require_author(actor: "User", product: Product) -> None:
    require(actor, Action.VIEW, product)
    if not may_write(actor, product):
        raise NotPermitted(
            f"Your role does not include writing answers for {product.name}: ask an administrator of the product."
        )


def _segment(product: Product, wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
    known = {one.key: {value.key for value in one.values.all()} for one in dimensions_of(product)}
    for name, values in wanted.items():
        if not values or not set(values) <= known.get(name, set()):
            raise NotReady("There is no such segment: choose one of the list.")
    return {name: sorted(values) for name, values in sorted(wanted.items())}


def _held(answer: SupportAnswer) -> SupportAnswer:
    return SupportAnswer.objects.select_for_update().get(pk=answer.pk)


def _note(actor: "User", action: str, row: SupportAnswer, **detail: Any) -> None:
    record_audit(actor=actor, action=action, subject=row, product_id=row.product_id, detail=detail)
