"""Pins: listed with the way back to their window, marked on the axis, taken back by whom the case allows it."""

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.response.models import Evidence, Incident
from tests.factories import at, make_ticket, make_user
from tests.web.overlay.asking import answer
from tests.web.overlay.conftest import BACKEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def pin(engineer: Client, incident: Incident) -> Evidence:
    make_ticket(incident.product, "slow", segment={"surface": "cli"}, reported_at=at(3))
    address = reverse("overlay-pin", args=[incident.pk])
    window = {"sel_from": "2026-03-02T00:00Z", "sel_to": "2026-03-05T00:00Z", "note": "Here it rises."}
    engineer.post(f"{address}?seg.surface=cli&clock=report", window)
    return Evidence.objects.get(incident=incident)


def test_pins_are_listed_with_the_way_back(engineer: Client, incident: Incident, pin: Evidence) -> None:
    text = engineer.get(reverse("overlay-pins", args=[incident.pk])).content.decode()
    assert "Here it rises." in text
    assert "?sel_from=2026-03-02T00:00Z&amp;sel_to=2026-03-05T00:00Z&amp;seg.surface=cli&amp;clock=report" in text
    assert "Surface cli" in text
    assert answer(engineer, incident)["flags"]["pins"] == [[24.0, 96.0, "Here it rises.", pin.pk]]
    assert answer(engineer, incident, **{"from": "2026-03-10T00:00Z"})["flags"]["pins"] == []


def test_a_pin_is_taken_back_by_an_engineer_alone(client: Client, incident: Incident, pin: Evidence) -> None:
    client.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    assert client.post(reverse("overlay-unpin", args=[incident.pk, pin.pk])).status_code == 403
    assert Evidence.objects.filter(pk=pin.pk).exists()


def test_what_is_taken_back_is_gone_from_the_list(engineer: Client, incident: Incident, pin: Evidence) -> None:
    text = engineer.post(reverse("overlay-unpin", args=[incident.pk, pin.pk])).content.decode()
    assert "Nothing is pinned yet" in text
    assert not Evidence.objects.exists()
