"""Answers that are given again: the same bytes until something is written, and only to whom they may be shown."""

import gzip
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.catalog.models import Membership
from incidents.core.access import Role
from incidents.response.models import Incident
from incidents.tickets.models import Ticket
from incidents.web.overlay.kept import Answer, Kept
from tests.factories import at, make_change, make_incident, make_points, make_ticket, make_user
from tests.web.overlay.conftest import BACKEND

pytestmark = pytest.mark.django_db


def ask(client: Client, incident: Incident, tag: str = "", **query: Any) -> Any:
    headers = {"Accept-Encoding": "gzip"} | ({"If-None-Match": tag} if tag else {})
    return client.get(reverse("overlay-data", args=[incident.pk]), query, headers=headers)


def test_the_second_answer_is_the_first_one_with_few_statements(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow")
    first = ask(reader, incident)
    with CaptureQueriesContext(connection) as captured:
        second = ask(reader, incident)
    assert second.content == first.content
    assert second["ETag"] == first["ETag"]
    assert gzip.decompress(second.content).startswith(b"{")
    assert len(captured) <= 5, "session, person, membership, restricted cases, the case with its version"
    unchanged = ask(reader, incident, tag=first["ETag"])
    assert unchanged.status_code == 304
    assert not unchanged.content
    assert unchanged["ETag"] == first["ETag"]
    assert unchanged["Cache-Control"] == "private, no-cache"


def test_what_is_written_is_seen_at_once(reader: Client, incident: Incident) -> None:
    product = incident.product
    ticket = make_ticket(product, "slow")
    tags = [ask(reader, incident)["ETag"]]

    def changed() -> bool:
        answer = ask(reader, incident, tag=tags[-1])
        tags.append(answer["ETag"])
        return answer.status_code == 200 and tags[-1] != tags[-2]

    make_ticket(product, "slow", reported_at=at(16))
    assert changed()
    Ticket.objects.filter(pk=ticket.pk).update(reported_at=at(17))
    assert changed()
    Ticket.objects.filter(pk=ticket.pk).delete()
    assert changed()
    make_change(product, title="Another change")
    assert changed()
    make_points(product, "latency", {at(day): float(day) for day in range(2, 9)})
    assert changed()
    assert not changed()


def test_a_kept_answer_is_not_shown_to_who_may_not_see_the_case(incident: Incident) -> None:
    person = make_user(Role.SUPPORT, product=incident.product)
    client = Client()
    client.force_login(person, backend=BACKEND)
    tag = ask(client, incident)["ETag"]
    assert ask(client, incident, tag=tag).status_code == 304
    Membership.objects.filter(user=person).delete()
    assert ask(client, incident, tag=tag).status_code == 404
    assert ask(client, incident).status_code == 404
    assert ask(Client(), incident, tag=tag).status_code == 302


def test_a_case_that_is_restricted_later_is_gone_at_once(incident: Incident) -> None:
    client = Client()
    client.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    assert ask(client, incident).status_code == 200
    Incident.objects.filter(pk=incident.pk).update(restricted=True)
    assert ask(client, incident).status_code == 404


def test_each_case_and_address_has_an_answer_of_its_own(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow")
    other = make_incident(incident.product, starts_at=at(14, 0), ends_at=at(20, 0))
    tags = {
        ask(reader, incident)["ETag"],
        ask(reader, other)["ETag"],
        ask(reader, incident, view="multiples")["ETag"],
        ask(reader, incident, parts="flags")["ETag"],
    }
    assert len(tags) == 4


def test_the_room_is_bounded_and_the_least_used_go_first() -> None:
    def answer(n: int) -> Answer:
        return Answer(body=b"x" * n, compressed=b"", tag="")

    kept = Kept(most=100)
    for i in range(3):
        kept.put((i, 0, ""), answer(30))
    assert kept.get((0, 0, "")) is not None
    kept.put((3, 0, ""), answer(30))
    assert len(kept) == 3
    assert kept.get((1, 0, "")) is None
    assert kept.get((0, 0, "")) is not None
    kept.put((9, 0, ""), answer(101))
    assert kept.get((9, 0, "")) is None
    kept.put((0, 0, ""), answer(100))
    assert len(kept) == 1
    kept.clear()
    assert len(kept) == 0
