"""Triage at speed: take on, accept, dismiss, many at once; named views of the inbox."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import InputError, Problem
from incidents.tickets.enums import TicketStatus
from incidents.tickets.inbox import ASSERTED, decide_symptoms, set_ticket_status
from incidents.tickets.models import SavedView, Ticket

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# One press never touches more.
AT_ONCE = 200


@transaction.atomic
def assign(*, actor: "User", ticket: Ticket, to: "User | None") -> None:
    """Say who looks after a ticket; None gives it back to everyone."""
    require(actor, Action.TRIAGE, ticket.product)
    if to is not None:
        require(to, Action.TRIAGE, ticket.product)
    if Ticket.objects.filter(pk=ticket.pk).exclude(assigned_to=to).update(assigned_to=to):
        record_audit(
            actor=actor,
            action="ticket assigned" if to else "ticket given back",
            subject=ticket,
            product_id=ticket.product_id,
            detail={"to": to.get_username() if to else None},
        )


@transaction.atomic
def accept_proposals(*, actor: "User", product: Product, ticket_ids: Sequence[int]) -> int:
    """Take the machine's asserted symptoms of many tickets as one's own decision; return how many."""
    rows = _chosen(actor, product, ticket_ids).prefetch_related("labels__symptom")
    n = 0
    for ticket in rows:
        symptoms = [label.symptom for label in ticket.labels.all() if label.confidence >= ASSERTED]
        decide_symptoms(actor=actor, ticket=ticket, symptoms=symptoms)
        n += 1
    return n


@transaction.atomic
def set_status_of(*, actor: "User", product: Product, ticket_ids: Sequence[int], status: TicketStatus) -> int:
    """Move many tickets in triage; return how many were asked for and are there."""
    rows = list(_chosen(actor, product, ticket_ids))
    for ticket in rows:
        set_ticket_status(actor=actor, ticket=ticket, status=status)
    return len(rows)


@transaction.atomic
def assign_many(*, actor: "User", product: Product, ticket_ids: Sequence[int], to: "User | None") -> int:
    """Give many tickets to a person; return how many."""
    rows = list(_chosen(actor, product, ticket_ids))
    for ticket in rows:
        assign(actor=actor, ticket=ticket, to=to)
    return len(rows)


def _chosen(actor: "User", product: Product, ticket_ids: Sequence[int]) -> QuerySet[Ticket]:
    require(actor, Action.TRIAGE, product)
    if len(ticket_ids) > AT_ONCE:
        raise InputError(
            [
                Problem(
                    file="triage",
                    message=f"{len(ticket_ids)} tickets are too many at once",
                    remedy=f"choose {AT_ONCE} at most",
                )
            ]
        )
    return Ticket.objects.filter(product=product, pk__in=list(ticket_ids)).select_related("product").order_by("pk")


def views_of(user: "User", product: Product) -> QuerySet[SavedView]:
    """Return a person's named views of a product's inbox."""
    return SavedView.objects.filter(user=user, product=product)


def save_view(*, actor: "User", product: Product, name: str, query: str) -> SavedView:
    """Keep a filter under a name of one's own; the same name again replaces it."""
    require(actor, Action.VIEW, product)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise InputError(
            [Problem(file="triage", message="a view has a name of 1 to 60 characters", remedy="give it a short name")]
        )
    if len(query) > 1000:
        raise InputError(
            [Problem(file="triage", message="the filter is too long to be kept", remedy="choose fewer values")]
        )
    view, _ = SavedView.objects.update_or_create(user=actor, product=product, name=name, defaults={"query": query})
    return view


def forget_view(*, actor: "User", view_id: int) -> None:
    """Forget one of one's own views; nothing happens where it is not there."""
    SavedView.objects.filter(user=actor, pk=view_id).delete()
