"""The inbox's pages and presses."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.tickets.models import SavedView, Ticket
from tests.factories import at, make_product, make_ticket, make_user


@pytest.fixture
def product(db: None) -> Product:
    """Return a product."""
    return make_product(name="Larch", slug="larch")


@pytest.fixture
def support(product: Product) -> User:
    """Return a person in support."""
    return make_user(Role.SUPPORT, product=product, username="sol")


def test_the_inbox_shows_what_waits_and_goes_on_by_key(client: Client, product: Product, support: User) -> None:
    for day in range(1, 29):
        make_ticket(product, "slow", reported_at=at(day))
        make_ticket(product, "slow", reported_at=at(day))
    done = make_ticket(product, "slow", status="triaged")
    client.force_login(support)
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/triage/").content.decode()
    assert len(captured) < 20
    assert page.count("data-row=") == 50
    assert "56 tickets" in page
    assert f'data-row="{done.pk}"' not in page
    assert f'data-row="{done.pk}"' in client.get("/triage/?status=any").content.decode()
    more = page.split('hx-get="?')[1].split('"')[0].replace("&amp;", "&")
    rest = client.get(f"/triage/?{more}", headers={"HX-Request": "true"}).content.decode()
    assert rest.count("data-row=") == 6
    assert "<html" not in rest


def test_a_card_masks_marks_and_offers_what_may_be_done(client: Client, product: Product, support: User) -> None:
    product.symptoms.filter(key="slow").update(terms=["takes ages"])
    row = make_ticket(product, "slow", text="It takes ages. Write to me@example.com, <b>now</b>.")
    client.force_login(support)
    card = client.get(f"/triage/{row.pk}/").content.decode()
    assert "takes ages</mark>" in card
    assert "me@example.com" not in card
    assert "&lt;b&gt;now" in card
    assert 'data-do="dismissed"' in card
    assert "Ready answer" in card
    client.force_login(make_user(Role.COMMS, product=product))
    assert 'data-do="dismissed"' not in client.get(f"/triage/{row.pk}/").content.decode()
    client.force_login(make_user())
    assert client.get(f"/triage/{row.pk}/").status_code == 404


def test_one_press_decides_dismisses_takes_and_merges(client: Client, product: Product, support: User) -> None:
    row = make_ticket(product, "slow", reported_at=at(5))
    other = make_ticket(product, "slow", reported_at=at(6))
    client.force_login(support)

    def press(ticket: Ticket, **fields: object) -> dict[str, str]:
        answer = client.post(f"/triage/{ticket.pk}/act/", fields)
        assert answer.status_code == 200, answer.content
        found: dict[str, str] = json.loads(answer.content)
        return found

    assert press(row, do="decide", symptom=["forgetful"])["status"] == "triaged"
    assert [label.symptom.key for label in row.labels.all()] == ["forgetful"]
    assert press(row, do="dismissed")["label"] == "Dismissed"
    assert press(row, do="new")["status"] == "new"
    assert press(row, do="take")["text"] == "Yours."
    assert press(row, do="take")["text"] == "Given back to everyone."
    assert press(row, do="merge", other=other.pk)["text"].startswith("Merged")
    other.refresh_from_db()
    assert other.merged_into_id == row.pk
    again = client.post(f"/triage/{row.pk}/act/", {"do": "merge", "other": other.pk})
    assert (again.status_code, "already" in json.loads(again.content)["text"]) == (422, True)
    assert client.post(f"/triage/{row.pk}/act/", {"do": "no such"}).status_code == 422
    client.force_login(make_user(Role.COMMS, product=product))
    assert client.post(f"/triage/{row.pk}/act/", {"do": "dismissed"}).status_code == 403


def test_many_at_once(client: Client, product: Product, support: User) -> None:
    rows = [make_ticket(product, "slow") for _ in range(3)]
    client.force_login(support)
    answer = client.post("/triage/larch/act/", {"do": "accept", "ticket": [row.pk for row in rows[:2]]})
    assert json.loads(answer.content)["text"] == "2 tickets accepted as proposed."
    assert set(Ticket.objects.values_list("status", flat=True)) == {"triaged", "new"}
    assert client.post("/triage/larch/act/", {"do": "dismissed", "ticket": range(300)}).status_code == 422


def test_a_filter_is_kept_under_a_name_and_forgotten(client: Client, product: Product, support: User) -> None:
    make_ticket(product, "slow")
    client.force_login(support)
    page = client.get("/triage/?symptom=slow&unsure=1&at=5").content.decode()
    assert 'name="query" value="symptom=slow&amp;unsure=1"' in page
    answer = client.post("/triage/larch/views/", {"name": "Slow ones", "query": "symptom=slow&unsure=1"})
    assert answer.headers["Location"] == "/triage/?product=larch&symptom=slow&unsure=1"
    view = SavedView.objects.get()
    assert "?product=larch&amp;symptom=slow&amp;unsure=1" in client.get("/triage/").content.decode()
    client.force_login(make_user(Role.SUPPORT, product=product))
    client.post("/triage/larch/views/", {"forget": view.pk})
    assert SavedView.objects.exists()
    client.force_login(support)
    client.post("/triage/larch/views/", {"forget": view.pk})
    assert not SavedView.objects.exists()
