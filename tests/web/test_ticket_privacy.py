"""Private parts of tickets: masked in every list, shown to those who may and written down, erased on request."""

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.core.models import AuditEntry
from incidents.tickets.models import Ticket
from incidents.tickets.records import TicketRecord
from incidents.tickets.services import record_tickets
from tests.factories import at, make_incident, make_product, make_source, make_ticket, make_user

pytestmark = pytest.mark.django_db
WORDS = "Write me at ann@example.org about it"


def test_every_view_masks(client: Client) -> None:
    product = make_product()
    incident = make_incident(product)
    row = make_ticket(product, title="From bob@example.org", text=WORDS)
    client.force_login(make_user(Role.ADMINISTRATOR, product=product))
    for address in (
        reverse("tickets"),
        reverse("ticket", args=[row.pk]),
        reverse("case-tickets", args=[incident.pk]),
    ):
        page = client.get(address).content.decode()
        assert "[e-mail]" in page, address
        assert "@example.org" not in page, address


def test_showing_the_text_as_written_is_a_right_and_leaves_a_trace(client: Client) -> None:
    product = make_product()
    row = make_ticket(product, text=WORDS)
    client.force_login(make_user(Role.COMMS, product=product))
    assert "Show the text as written" not in client.get(reverse("ticket", args=[row.pk])).content.decode()
    assert client.post(reverse("ticket-raw", args=[row.pk])).status_code == 403
    assert not AuditEntry.objects.filter(action="private text shown").exists()
    person = make_user(Role.SUPPORT, product=product)
    client.force_login(person)
    assert "1 private part masked" in client.get(reverse("ticket", args=[row.pk])).content.decode()
    answer = client.post(reverse("ticket-raw", args=[row.pk]))
    assert "ann@example.org" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.get(action="private text shown").actor == person
    assert client.get(reverse("ticket-raw", args=[row.pk])).status_code == 405


def test_erasing_a_reporter(client: Client) -> None:
    product = make_product()
    rows = [make_ticket(product, "slow", text=WORDS, reporter="r-1") for _ in range(2)]
    other = make_ticket(product, text=WORDS, reporter="r-2")
    elsewhere = make_ticket(make_product(), text=WORDS, reporter="r-1")
    address = reverse("ticket-erase", args=[rows[0].pk])
    client.force_login(make_user(Role.ENGINEER, product=product))
    assert client.post(address, {"sure": "yes"}).status_code == 403
    client.force_login(make_user(Role.ADMINISTRATOR, product=product))
    client.post(address)
    assert Ticket.objects.filter(text="").count() == 0
    page = client.post(address, {"sure": "yes"}, follow=True).content.decode()
    assert "2 tickets no longer hold" in page
    assert set(Ticket.objects.filter(text="", reporter="", erased_at__isnull=False)) == set(rows)
    assert rows[0].labels.count() == 1
    assert Ticket.objects.filter(pk__in=[other.pk, elsewhere.pk], text=WORDS).count() == 2
    assert "r-1" not in str(AuditEntry.objects.get(action="reporter erased").detail)


def test_an_import_does_not_bring_erased_words_back() -> None:
    product = make_product()
    source = make_source(product)
    record = TicketRecord(
        1, "t-1", at(3), None, "Title", WORDS, {"surface": "cli"}, "chat", "r-1", 1.0, "", (), {}, (), "terms"
    )  # fmt: skip
    record_tickets(product=product, source=source, rows=[record])
    Ticket.objects.update(title="", text="", reporter="", erased_at=at(9))
    again = record_tickets(product=product, source=source, rows=[record, record._replace(line=2, external_id="t-2")])
    assert (again.created, again.updated, again.unchanged) == (1, 0, 1)
    assert Ticket.objects.get(external_id="t-1").text == ""
    assert Ticket.objects.get(external_id="t-2").text == WORDS


def test_similar_tickets_are_masked_and_of_the_product_alone(client: Client) -> None:
    product = make_product()
    row = make_ticket(product, text=WORDS, reporter="r-1")
    make_ticket(product, text=WORDS + " again", reporter="r-1")
    address = reverse("ticket-similar", args=[row.pk])
    client.force_login(make_user(Role.SUPPORT, product=product))
    page = client.get(address).content.decode()
    assert "[e-mail]" in page
    assert "Nearly the same words" in page
    assert "same reporter" in page
    assert "wrote 2 tickets in all" in page
    client.force_login(make_user(Role.SUPPORT, product=make_product()))
    assert client.get(address).status_code == 404
