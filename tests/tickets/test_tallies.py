"""Counts that do not grow with the tickets, and searches with a slip of the pen."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.tickets import tallies, vocabulary
from incidents.tickets.inbox import TicketFilter, tickets_matching
from incidents.tickets.models import Ticket
from incidents.tickets.spelling import corrected
from incidents.tickets.tallies import Told, tally
from tests.factories import make_product, make_segment, make_source, make_ticket, make_user

pytestmark = pytest.mark.django_db


def fill(n: int, *, every: int = 4) -> None:
    """Make n tickets of one product, each `every`th from the forum."""
    product = make_product(slug="crowd")
    source, segment = make_source(product), make_segment(product)
    template = make_ticket(product)
    Ticket.objects.bulk_create(
        Ticket(
            product=product,
            source=source,
            segment=segment,
            external_id=f"crowd-{number}",
            reported_at=template.reported_at,
            channel="forum" if number % every == 0 else "mail",
        )
        for number in range(n - 1)
    )


def forum() -> tallies.Tally:
    product = Ticket.objects.earliest("pk").product
    return tally(tickets_matching(product, TicketFilter(channel="forum")), cap=500)


def test_what_is_cheap_is_counted_up_to_the_cap() -> None:
    fill(1200)
    assert forum() == tallies.Tally(n=300)
    product = Ticket.objects.earliest("pk").product
    assert tally(tickets_matching(product, TicketFilter()), cap=500) == tallies.Tally(n=500, told=Told.AT_LEAST)
    assert tally(tickets_matching(make_product(), TicketFilter())) == tallies.Tally(n=0)


def test_what_would_be_dear_is_estimated_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(3000)
    monkeypatch.setattr(tallies, "CHEAP", 0.0)
    monkeypatch.setattr(tallies, "SAMPLE", 1000)
    told = forum()
    assert told.told == Told.ABOUT
    assert told.n == pytest.approx(750, rel=0.15)
    assert forum() == told, "the same page says the same"
    Ticket.objects.exclude(pk=Ticket.objects.filter(channel="forum").earliest("pk").pk).filter(channel="forum").delete()
    assert forum().told == Told.BELOW
    assert forum().n <= 60
    Ticket.objects.all().delete()
    assert tally(tickets_matching(make_product(), TicketFilter())) == tallies.Tally(n=0)


def test_a_slip_of_the_pen_is_mended_and_said(client: Client) -> None:
    product, other = make_product(), make_product()
    for number in range(30):
        make_ticket(product, text=f"The assistant forgets its memory, time {number}" if number % 2 else "Limits drain")
    for _ in range(10):
        make_ticket(other, text="The kettle whistles")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_ticket")
    vocabulary.forget()
    assert corrected(product, "memroy") == "memory"
    assert corrected(product, 'asistant "memroy" -limts') == 'assistant "memroy" -limts'
    assert corrected(product, "memory or limits") is None
    # What tickets of another product say helps nobody here.
    assert corrected(product, "ketle") is None
    assert corrected(product, "zzzzqq ab") is None
    client.force_login(make_user(Role.SUPPORT, product=product))
    for name in ("inbox", "tickets"):
        page = client.get(reverse(name), {"q": "memroy"}).content.decode()
        assert "No ticket says “memroy”" in page
        assert "15 tickets" in page
        assert "No ticket says" not in client.get(reverse(name), {"q": "memory"}).content.decode()
