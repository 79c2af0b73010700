"""The page that says which changes complaints could not tell apart, before they go out."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.attribution.planning import planned_and_new, separability
from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.tickets.models import Ticket
from tests.factories import make_change, make_product, make_segment, make_source, make_user

pytestmark = pytest.mark.django_db


def product_with_complaints(per_day: int = 60) -> Product:
    product = make_product()
    source = make_source(product)
    segments = [make_segment(product, surface="cli"), make_segment(product, surface="web")]
    start = timezone.now() - dt.timedelta(days=35)
    Ticket.objects.bulk_create(
        Ticket(
            product=product,
            source=source,
            external_id=f"{day}-{n}",
            reported_at=start + dt.timedelta(days=day, minutes=n),
            segment=segments[n % 2],
        )
        for day in range(34)
        for n in range(per_day)
    )
    return product


def plans(product: Product) -> tuple[Any, Any]:
    soon = timezone.now() + dt.timedelta(days=3)
    return (
        make_change(product, title="Shorter answers", started_at=soon),
        make_change(product, title="Another cache", started_at=soon),
    )


def client_of(product: Product) -> Client:
    client = Client()
    client.force_login(make_user(Role.ENGINEER, product=product))
    return client


def test_two_planned_changes_are_found_confused_and_the_page_says_what_to_do() -> None:
    product = product_with_complaints()
    first, second = plans(product)
    now = timezone.now()
    assert planned_and_new(product, now) == [first, second]
    found = separability(product, [first, second], rise=0.5, now=now)
    assert found is not None
    assert found.per_day == pytest.approx(60, rel=0.1)
    (pair,) = found.report.pairs
    assert pair.confused
    assert {one.kind for one in pair.separators} >= {"hold_back", "stagger"}
    page = client_of(product).get("/changes/apart/", {"product": product.slug, "rise": "50"}).content.decode()
    assert "Complaints could not tell" in page
    assert "Hold “" in page
    assert "back from surface=" in page
    assert "later." in page


def test_the_change_log_shows_what_is_planned_and_nothing_where_nothing_is() -> None:
    product = product_with_complaints()
    client = client_of(product)
    address = "/changes/apart/soon/"
    assert client.get(address, {"product": product.slug}).content.strip() == b""
    plans(product)
    assert "Shorter answers" in client.get(address, {"product": product.slug}).content.decode()
    assert "/changes/apart/soon/" in client.get("/changes/").content.decode()


def test_any_changes_can_be_chosen_but_none_of_a_product_that_one_may_not_see() -> None:
    product = product_with_complaints()
    first, second = plans(product)
    long_ago = make_change(product, title="Old flag", started_at=timezone.now() - dt.timedelta(days=90))
    client = client_of(product)
    chosen = {"product": product.slug, "change": [long_ago.pk, second.pk], "rise": "100"}
    page = client.get("/changes/apart/", chosen).content.decode()
    assert "The 2 changes chosen" in page
    foreign = make_change(make_product(slug="other", name="Other"), title="Secret plan", started_at=timezone.now())
    page = client.get("/changes/apart/", {"change": [foreign.pk, first.pk]}).content.decode()
    assert "Secret plan" not in page
    assert "Nothing to tell apart" in page


def test_without_complaints_it_says_so() -> None:
    product = make_product()
    plans(product)
    page = client_of(product).get("/changes/apart/", {"product": product.slug}).content.decode()
    assert "No complaints to plan with" in page


def test_an_address_begins_a_new_change_and_passes_over_what_it_does_not_know() -> None:
    product = product_with_complaints(per_day=2)
    client = client_of(product)
    address = f"/products/{product.slug}/changes/new/"
    begun = client.get(address, {"started_at": "2026-03-03T00:00:00+00:00", "scope.surface": ["cli", "moon"]})
    form = begun.context["form"]
    assert form.initial["started_at"] == dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    assert form.initial["scope.surface"] == ["cli"]
    assert client.get(address, {"started_at": "soon"}).context["form"].initial == {}
