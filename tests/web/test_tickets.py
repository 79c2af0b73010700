"""Pages of tickets and metrics."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.metrics.models import EvalRun
from tests.factories import (
    at,
    make_change,
    make_exposure,
    make_incident,
    make_points,
    make_product,
    make_source,
    make_ticket,
    make_user,
)

pytestmark = pytest.mark.django_db


def test_the_list_costs_the_same_for_three_as_for_one(client: Client, django_assert_max_num_queries: Any) -> None:
    product = make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    counts = []
    for _ in (1, 2):
        for _ in range(len(counts) + 1):
            make_ticket(product, "slow", segment={"surface": "cli"})
        with django_assert_max_num_queries(18) as seen:
            assert client.get(reverse("tickets")).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_customers_words_are_shown_as_text(client: Client) -> None:
    product = make_product()
    ticket = make_ticket(product, text="<img src=x onerror=alert(1)> **bold**", title="<b>No</b>")
    client.force_login(make_user(Role.SUPPORT, product=product))
    for address in (reverse("tickets"), reverse("ticket", args=[ticket.pk])):
        page = client.get(address).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt; **bold**" in page


def test_what_only_the_words_state_is_shown_with_the_words(client: Client) -> None:
    product = make_product()
    make_change(product, kind="client_release", title="Client 1.1", started_at=at(12))
    said = make_ticket(product, text="After updating to 1.1 the CLI hangs", segment={})
    given = make_ticket(product, text="Version 1.1 since yesterday", segment={"version": "1.0"}, onset_at=at(3))
    client.force_login(make_user(Role.SUPPORT, product=product))
    page = client.get(reverse("ticket", args=[said.pk])).content.decode()
    assert "by the words “After updating to 1.1”" in page
    assert "12 Mar 2026" in page
    assert "by the words “CLI”" in page
    assert "by the words" not in client.get(reverse("ticket", args=[given.pk])).content.decode()


def test_filters_and_more_rows(client: Client) -> None:
    product = make_product()
    for number in range(51):
        make_ticket(product, "slow", title=f"Number {number:02}", reported_at=at(1) + dt.timedelta(hours=number))
    client.force_login(make_user(Role.SUPPORT, product=product))
    page = client.get(reverse("tickets"), {"symptom": "slow"})
    text = page.content.decode()
    assert "51 tickets" in text
    assert "Number 50" in text
    assert "Number 00" not in text
    more = client.get(reverse("tickets") + "?" + page.context["more_query"], headers={"HX-Request": "true"})
    assert "Number 00" in more.content.decode()
    assert "<html" not in more.content.decode()
    assert "No ticket matches" in client.get(reverse("tickets"), {"q": "zebra"}).content.decode()
    assert "51 tickets" in client.get(reverse("tickets"), {"seg.surface": ""}).content.decode()
    assert "No ticket matches" in client.get(reverse("tickets"), {"seg.surface": "cli"}).content.decode()
    assert "51 tickets" in client.get(reverse("tickets"), {"seg.surface": "-"}).content.decode()


def test_a_case_lists_the_tickets_of_its_window(client: Client) -> None:
    incident = make_incident()
    make_ticket(incident.product, title="Inside")
    make_ticket(incident.product, title="Outside", reported_at=at(2, month=4))
    client.force_login(make_user(Role.COMMS, product=incident.product))
    page = client.get(reverse("case-tickets", args=[incident.pk])).content.decode()
    assert "Inside" in page
    assert "Outside" not in page


def test_deciding(client: Client) -> None:
    product = make_product()
    ticket = make_ticket(product, "slow")
    decide = reverse("ticket-decide", args=[ticket.pk])
    client.force_login(make_user(Role.COMMS, product=product))
    assert client.post(decide, {"symptom": "forgetful"}).status_code == 403
    assert "Save as my decision" not in client.get(reverse("ticket", args=[ticket.pk])).content.decode()
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert "Save as my decision" in client.get(reverse("ticket", args=[ticket.pk])).content.decode()
    client.post(decide, {"symptom": "forgetful"})
    assert ticket.labels.get().symptom.key == "forgetful"
    client.post(decide, {"status": "dismissed"})
    ticket.refresh_from_db()
    assert ticket.status == "dismissed"
    assert client.get(decide).status_code == 405


def test_a_foreign_ticket_does_not_exist(client: Client) -> None:
    ticket = make_ticket(make_product())
    client.force_login(make_user(Role.ADMINISTRATOR, product=make_product()))
    assert client.get(reverse("ticket", args=[ticket.pk])).status_code == 404
    assert client.post(reverse("ticket-decide", args=[ticket.pk]), {"status": "new"}).status_code == 404


def test_metrics_show_their_course_and_evaluations_their_power(client: Client) -> None:
    product = make_product()
    metric = make_points(product, "latency", {at(day): float(day) for day in range(1, 10)}, surface="cli")
    make_exposure(product, 1000, surface="cli")
    EvalRun.objects.create(
        product=product,
        source=make_source(product),
        external_id="e1",
        suite="Nightly",
        at=at(5),
        n=300,
        score=0.70,
        baseline_score=0.70,
        verdict="no regression",
    )
    client.force_login(make_user(Role.ENGINEER, product=product))
    page = client.get(reverse("metrics")).content.decode()
    assert "Latency" in page
    assert "1 count" in page
    assert "10.9" in page  # what 300 unpaired tasks at about 70 % can see, in points
    detail = client.get(reverse("metric", args=[metric.pk])).content.decode()
    assert "surface: cli" in detail
    assert "1.00 to 9.00" in detail
    client.force_login(make_user(Role.ENGINEER, product=make_product()))
    assert client.get(reverse("metric", args=[metric.pk])).status_code == 404
    assert "No metrics yet" in client.get(reverse("metrics")).content.decode()
