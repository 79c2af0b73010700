"""People behind tickets: whoever reads their words unmasked is written down, and they can be erased."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady
from incidents.jobs import services as jobs
from incidents.jobs.models import Job
from incidents.tickets.models import TextRetention, Ticket, TicketReading

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_ERASED: dict[str, Any] = {"title": "", "text": "", "reporter": "", "url": "", "extra": {}}
_BLOCK = 5_000
RETENTION_JOB = "tickets.forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPreview:
    """What a rule would erase at a moment: tickets with words reported before `before`, of `n_with_words` in all."""

    before: dt.datetime
    n_due: int
    n_with_words: int
    oldest_at: dt.datetime | None


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
    _forget_readings(numbers)
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
            _forget_readings(numbers)
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


def _forget_readings(numbers: list[int]) -> None:
    """Forget the words that readings quote; the values they stated stay, since they count."""
    for reading in TicketReading.objects.filter(ticket__in=numbers):
        reading.segment = {name: {**one, "words": ""} for name, one in reading.segment.items()}
        reading.onset_words = ""
        reading.save(update_fields=["segment", "onset_words"])


def retention_of(product: Product) -> TextRetention | None:
    """Return how long the product's tickets keep their words; None: for ever."""
    return TextRetention.objects.filter(product=product).first()


def retention_preview(*, product: Product, days: int, now: dt.datetime) -> RetentionPreview:
    """Return what a rule of so many days would erase now; nothing is erased."""
    before = now - dt.timedelta(days=days)
    rows = Ticket.objects.filter(product=product, erased_at=None).exclude(title="", text="", reporter="")
    oldest = rows.order_by("reported_at").values_list("reported_at", flat=True).first()
    return RetentionPreview(
        before=before, n_due=rows.filter(reported_at__lt=before).count(), n_with_words=rows.count(), oldest_at=oldest
    )


@transaction.atomic
def set_retention(*, actor: "User", product: Product, days: int | None) -> None:
    """Say how many days tickets keep their words (None: for ever); a job of every day erases what is older."""
    require(actor, Action.ADMINISTER, product)
    before = retention_of(product)
    if days is None:
        TextRetention.objects.filter(product=product).delete()
    elif days < 1:
        raise NotReady("Texts are kept for one day at least.")
    else:
        TextRetention.objects.update_or_create(product=product, defaults={"days": days, "changed_by": actor})
    record_audit(
        actor=actor,
        action="text retention changed",
        subject=product,
        product_id=product.pk,
        detail={"before": before.days if before else None, "after": days},
    )


def ask_for_retention(*, product: Product, on: dt.date) -> Job | None:
    """Ask once a day for old texts to be erased, where the product has a rule for it."""
    if retention_of(product) is None:
        return None
    return jobs.enqueue(
        kind=RETENTION_JOB, payload={"product": product.pk}, idempotency_key=f"{product.pk}:{on.isoformat()}"
    )


def apply_retention(*, product: Product, now: dt.datetime) -> int:
    """Erase what is older than the rule says; return how many tickets."""
    rule = retention_of(product)
    return forget_old_texts(product=product, before=now - dt.timedelta(days=rule.days)) if rule is not None else 0
