"""Handing out what was published: to every subscriber once, again where it fails, for about three days."""

from collections.abc import Mapping
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from incidents.core.outbound import NotSent
from incidents.jobs.handlers import JobContext, handles
from incidents.jobs.services import enqueue
from incidents.publishing.models import Publication
from incidents.publishing.subscribers.enums import Channel, DeliveryState, Pace
from incidents.publishing.subscribers.hooks import send_hook
from incidents.publishing.subscribers.letters import letter_of, letter_to_confirm
from incidents.publishing.subscribers.models import Delivery, Subscriber
from incidents.publishing.subscribers.services import (
    CONFIRM_JOB,
    DELIVER_JOB,
    DIGEST_JOB,
    HAND_OUT_JOB,
    PAUSES,
    next_digest,
)


@handles(CONFIRM_JOB)
def ask(context: JobContext) -> None:
    """Send the letter that asks for confirmation; nothing where the address was forgotten meanwhile."""
    row = Subscriber.objects.select_related("product__theme").filter(pk=context.payload["subscriber"]).first()
    if row is not None:
        letter_to_confirm(row, context.payload["pace"]).send()


@handles(HAND_OUT_JOB)
def hand_out(context: JobContext) -> Mapping[str, Any] | None:
    """Make a delivery for every subscriber of the publication's product."""
    publication = Publication.objects.select_related("product").get(pk=context.payload["publication"])
    now = timezone.now()
    with context.finishing() as outcome:
        rows = Subscriber.objects.filter(product=publication.product, stopped_at=None).exclude(confirmed_at=None)
        for row in rows:
            delivery, is_new = Delivery.objects.get_or_create(subscriber=row, publication=publication)
            if not is_new:
                continue
            outcome["n_deliveries"] = outcome.get("n_deliveries", 0) + 1
            if row.channel == Channel.EMAIL and row.pace == Pace.DIGEST:
                due_at = next_digest(now, ZoneInfo(publication.product.timezone))
                key = f"{row.pk}/{due_at.isoformat()}"
                enqueue(kind=DIGEST_JOB, payload={"subscriber": row.pk}, idempotency_key=key, due_at=due_at)
            else:
                enqueue(kind=DELIVER_JOB, payload={"delivery": delivery.pk})
    return None


@handles(DELIVER_JOB)
def deliver(context: JobContext) -> None:
    """Send one delivery."""
    found = Delivery.objects.select_related("subscriber__product__theme", "publication__product")
    delivery = found.filter(pk=context.payload["delivery"], state=DeliveryState.WAITING).first()
    if delivery is None:
        return
    refused: NotSent | None = None
    is_wanted = _is_wanted(delivery)
    if is_wanted:
        try:
            if delivery.subscriber.channel == Channel.EMAIL:
                _send_letter(delivery.subscriber, [delivery.publication])
            else:
                send_hook(delivery, now=timezone.now())
        except NotSent as error:
            refused = error
    with context.finishing():
        if not is_wanted:
            _finish([delivery], DeliveryState.DROPPED)
        elif refused is None:
            _finish([delivery], DeliveryState.SENT)
        else:
            _fail(delivery, refused)


@handles(DIGEST_JOB)
def digest(context: JobContext) -> None:
    """Send everything that waits for one reader in one letter."""
    row = Subscriber.objects.select_related("product__theme").filter(pk=context.payload["subscriber"]).first()
    if row is None:
        return
    waiting = Delivery.objects.filter(subscriber=row, state=DeliveryState.WAITING)
    deliveries = list(waiting.select_related("publication__product", "subscriber").order_by("created_at"))
    wanted = [delivery for delivery in deliveries if _is_wanted(delivery)]
    if wanted:
        try:
            _send_letter(row, [delivery.publication for delivery in wanted])
        except NotSent as error:
            if not error.is_final:
                # The job's own repetition tries again.
                raise RuntimeError(error.reason) from error
            with context.finishing():
                for delivery in wanted:
                    _fail(delivery, error)
            return
    with context.finishing():
        _finish(wanted, DeliveryState.SENT)
        _finish([delivery for delivery in deliveries if delivery not in wanted], DeliveryState.DROPPED)


def _is_wanted(delivery: Delivery) -> bool:
    """Tell whether it may still be told: not a text that was withdrawn or corrected since, not to one who left."""
    publication, subscriber = delivery.publication, delivery.subscriber
    is_public = publication.is_current and publication.withdrawn_at is None
    return is_public and subscriber.stopped_at is None and subscriber.confirmed_at is not None


def _send_letter(subscriber: Subscriber, publications: list[Publication]) -> None:
    """Hand a letter to the mail server. Raises NotSent, for good where the server knows no such box."""
    try:
        letter_of(subscriber, publications).send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise NotSent("The mail server refused the address.", is_final=all(code >= 500 for code in codes)) from error
    except (SMTPException, OSError) as error:
        raise NotSent(f"The mail server did not take it: {error}.") from error


def _finish(deliveries: list[Delivery], state: DeliveryState) -> None:
    ids = [delivery.pk for delivery in deliveries]
    Delivery.objects.filter(pk__in=ids).update(state=state, finished_at=timezone.now(), error="", next_at=None)


def _fail(delivery: Delivery, refused: NotSent) -> None:
    now = timezone.now()
    attempts = delivery.attempts + 1
    error = refused.reason[:300]
    if refused.is_final or attempts > len(PAUSES):
        Delivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.DEAD, attempts=attempts, error=error, finished_at=now, next_at=None
        )
        if refused.is_final:
            Subscriber.objects.filter(pk=delivery.subscriber_id).update(stopped_at=now, stopped_reason=error)
        return
    due_at = now + PAUSES[attempts - 1]
    Delivery.objects.filter(pk=delivery.pk).update(attempts=attempts, error=error, next_at=due_at)
    enqueue(kind=DELIVER_JOB, payload={"delivery": delivery.pk}, due_at=due_at)
