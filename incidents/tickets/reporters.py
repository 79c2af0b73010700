"""People behind tickets: whoever reads their words unmasked is written down, and they can be erased."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady
from incidents.tickets.models import Ticket

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_ERASED: dict[str, Any] = {"title": "", "text": "", "reporter": "", "url": "", "extra": {}}
_BLOCK = 5_000


@transaction.atomic
def reveal_private(*, actor: "User", ticket: Ticket) -> Ticket:
    """Let somebody read a ticket as it was written; the trail keeps that they did."""
    require(actor, Action.SEE_PRIVATE, ticket.product)
    record_audit(actor=actor, action="private text shown", subject=ticket, product_id=ticket.product_id)
    return ticket


@transaction.atomic
def erase_reporter(*, actor: "User", product: Product, reporter: str) -> int:
    """Erase a reporter's words, pseudonym, address and unknown members from all their tickets; return how many.

    What remains counts nobody in particular: time, segment, symptoms, channel. An import of the same tickets does not
    bring the rest back. The trail says that an erasure took place, not whose.
    """
    require(actor, Action.ADMINISTER, product)
    if not reporter:
        raise NotReady("The ticket does not say who reported it: dismiss it, or erase it at its source.")
    rows = Ticket.objects.filter(product=product, reporter=reporter)
    numbers = list(rows.select_for_update().values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=numbers).update(**_ERASED, erased_at=Now())
    record_audit(
        actor=actor,
        action="reporter erased",
        subject=product,
        product_id=product.pk,
        detail={"tickets": len(numbers)},
    )
    return len(numbers)


def forget_old_texts(*, product: Product, before: dt.datetime) -> int:
    """Erase words, reporters and addresses of tickets reported before an instant; return how many.

    Time, segment, symptoms and weight stay, so that attribution does not change. A block of tickets is one
    transaction; a run that was stopped may be run again.
    """
    n = 0
    while numbers := list(
        Ticket.objects.filter(product=product, reported_at__lt=before, erased_at=None)
        .order_by("reported_at", "pk")
        .values_list("pk", flat=True)[:_BLOCK]
    ):
        with transaction.atomic():
            n += Ticket.objects.filter(pk__in=numbers).update(**_ERASED, erased_at=Now())
            record_audit(
                actor=None,
                action="old texts erased",
                subject=product,
                product_id=product.pk,
                detail={"tickets": len(numbers), "reported before": before.isoformat()},
            )
    return n


def n_by_same_reporter(ticket: Ticket) -> int:
    """Return how many of the product's tickets the same person reported, this one included; 0 where it is unknown."""
    if not ticket.reporter:
        return 0
    return Ticket.objects.filter(product_id=ticket.product_id, reporter=ticket.reporter).count()
