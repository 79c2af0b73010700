"""Tickets as support reads them: filters, pages by key rather than by number, one ticket with its labels."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Prefetch, Q, QuerySet

from incidents.catalog.models import Product, Source, Symptom
from incidents.catalog.queries import matching_segment_ids, require, visible_products
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotThere
from incidents.tickets.enums import LabelSource, TicketStatus
from incidents.tickets.models import TICKET_WORDS, Ticket, TicketSymptom
from incidents.tickets.queries import from_segments

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

UNSURE = (0.3, 0.7)  # confidences at which a person's word teaches most
REMEMBERED_SECONDS = 24 * 3600
ASSERTED = 0.5  # from this confidence on, a label counts as said


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What to show; empty members do not filter."""

    symptom: str = ""
    status: str = ""
    words: str = ""
    channel: str = ""
    labelled_by: str = ""
    # Only where the machine is neither sure of a symptom nor sure of none.
    is_unsure: bool = False
    # "" anyone, "none" nobody yet, else a person's name of account.
    assigned_to: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    segment: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """Some tickets and the key after which the next page starts (empty on the last page)."""

    tickets: list[Ticket]
    next_key: str


def tickets_matching(product: Product, chosen: TicketFilter) -> QuerySet[Ticket]:
    """Return the product's tickets that the filter lets through, the newest first."""
    rows = Ticket.objects.filter(product=product)
    if chosen.starts_at:
        rows = rows.filter(reported_at__gte=chosen.starts_at)
    if chosen.ends_at:
        rows = rows.filter(reported_at__lt=chosen.ends_at)
    if chosen.status:
        rows = rows.filter(status=chosen.status)
    if chosen.channel:
        rows = rows.filter(channel=chosen.channel)
    said = TicketSymptom.objects.filter(ticket=OuterRef("pk"), confidence__gte=ASSERTED)
    if chosen.symptom == "none":
        rows = rows.filter(~Exists(said))
    elif chosen.symptom or chosen.labelled_by:
        if chosen.symptom:
            # By number: the planner knows how frequent a symptom is, not what a name leads to.
            wanted = Symptom.objects.filter(product=product, key=chosen.symptom).values_list("pk", flat=True)
            said = said.filter(symptom__in=list(wanted))
        if chosen.labelled_by:
            said = said.filter(source=chosen.labelled_by)
        rows = rows.filter(Exists(said))
    rows = _on_the_desk(rows, chosen)
    segment_ids = matching_segment_ids(product, chosen.segment)
    if segment_ids is not None:
        rows = from_segments(rows, segment_ids)
    if chosen.words:
        rows = said_words(rows, chosen.words)
    return rows.order_by("-reported_at", "-id")


def said_words(rows: QuerySet[Ticket], words: str) -> QuerySet[Ticket]:
    """Return the tickets that a search matches: words, "phrases", -without, or."""
    return rows.alias(words=TICKET_WORDS).filter(words=SearchQuery(words, search_type="websearch", config="english"))


def _on_the_desk(rows: QuerySet[Ticket], chosen: TicketFilter) -> QuerySet[Ticket]:
    """Return what the filter lets through of unsure tickets and of those that somebody looks after."""
    if chosen.is_unsure:
        low, high = UNSURE
        unsure = TicketSymptom.objects.filter(ticket=OuterRef("pk"), confidence__gte=low, confidence__lt=high)
        rows = rows.filter(Exists(unsure))
    if chosen.assigned_to == "none":
        return rows.filter(assigned_to=None)
    return rows.filter(assigned_to__username=chosen.assigned_to) if chosen.assigned_to else rows


def ticket_page(rows: QuerySet[Ticket], *, after: str = "", size: int = 50) -> TicketPage:
    """Return the page after a key; a key is "time|id" of the last ticket seen, and a malformed one starts anew."""
    if after:
        at, _, number = after.partition("|")
        try:
            moment = dt.datetime.fromisoformat(at)
            last = int(number)
        except ValueError:
            pass
        else:
            # The first condition alone lets the index begin at the place: of the second it only knows row by row.
            rows = rows.filter(reported_at__lte=moment)
            rows = rows.filter(Q(reported_at__lt=moment) | Q(id__lt=last))
    # Numbers first, the rows by them: with everything joined at once the planner may begin at another table's end.
    numbers = list(rows.values_list("pk", flat=True)[: size + 1])
    more = len(numbers) > size
    found = rows_by_number(numbers[:size])
    key = f"{found[-1].reported_at.isoformat()}|{found[-1].pk}" if more and found else ""
    return TicketPage(tickets=found, next_key=key)


def rows_by_number(numbers: Sequence[int]) -> list[Ticket]:
    """Return tickets with what a list shows of them, in the order of their numbers given."""
    labels = TicketSymptom.objects.select_related("symptom").order_by("-confidence", "symptom__position", "pk")
    told = Ticket.objects.select_related("segment", "assigned_to").prefetch_related(Prefetch("labels", queryset=labels))
    by_number = told.in_bulk(list(numbers))
    return [by_number[number] for number in numbers if number in by_number]


def ticket_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> Ticket:
    """Return one ticket if the person may do this to it: the only door to a ticket by its id."""
    ticket = (
        Ticket.objects.filter(pk=pk, product__in=visible_products(user))
        .select_related("product", "segment", "source", "assigned_to")
        .prefetch_related("labels__symptom", "labels__decided_by")
        .first()
    )
    if ticket is None:
        raise NotThere("There is no such ticket, or it is not yours to see.")
    require(user, action, ticket.product)
    return ticket


def channels_of(product: Product) -> list[str]:
    """Return the channels that the product's tickets came by; from memory where nothing came in since."""
    received = Source.objects.filter(product=product).aggregate(at=Max("last_received_at"))["at"]
    key = f"channels:{product.pk}:{received.timestamp()}" if received is not None else ""
    known: list[str] | None = cache.get(key) if key else None
    if known is None:
        rows = Ticket.objects.filter(product=product).exclude(channel="").order_by("channel")
        known = list(rows.values_list("channel", flat=True).distinct())
        if key:
            cache.set(key, known, REMEMBERED_SECONDS)
    return known


@transaction.atomic
def decide_symptoms(*, actor: "User", ticket: Ticket, symptoms: Sequence[Symptom]) -> None:
    """Say which symptoms the ticket shows: a person's word replaces the machine's, and stays on re-import."""
    require(actor, Action.TRIAGE, ticket.product)
    row = Ticket.objects.select_for_update().get(pk=ticket.pk)
    before = sorted(row.labels.filter(confidence__gte=ASSERTED).values_list("symptom__key", flat=True))
    row.labels.all().delete()
    TicketSymptom.objects.bulk_create(
        TicketSymptom(ticket=row, symptom=symptom, confidence=1.0, source=LabelSource.PERSON, decided_by=actor)
        for symptom in symptoms
    )
    row.status = TicketStatus.TRIAGED
    row.save(update_fields=["status"])
    record_audit(
        actor=actor,
        action="symptoms decided",
        subject=row,
        product_id=row.product_id,
        detail={"before": before, "after": sorted(symptom.key for symptom in symptoms)},
    )


@transaction.atomic
def set_ticket_status(*, actor: "User", ticket: Ticket, status: TicketStatus) -> None:
    """Move a ticket in triage; a dismissed one no longer counts in attribution."""
    require(actor, Action.TRIAGE, ticket.product)
    changed = Ticket.objects.filter(pk=ticket.pk).exclude(status=status).update(status=status)
    if changed:
        record_audit(
            actor=actor,
            action="ticket " + status,
            subject=ticket,
            product_id=ticket.product_id,
            detail={"before": ticket.status},
        )
