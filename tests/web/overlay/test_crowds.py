"""More changes than can be told apart are told as their number over time."""

import pytest
from django.test import Client

from incidents.changes.models import Change
from incidents.charts.typed import from_float32
from incidents.response.models import Incident
from incidents.web.overlay.lanes import MOST_DRAWN
from tests.factories import at, make_source
from tests.web.overlay.asking import answer

pytestmark = pytest.mark.django_db


def add(incident: Incident, n: int, *, first_day: int, last_day: int) -> None:
    source = make_source(incident.product)
    Change.objects.bulk_create(
        Change(
            product=incident.product,
            source=source,
            external_id=f"{first_day}-{i}",
            kind="flag",
            title=f"Flag {first_day}-{i}",
            started_at=at(first_day, 0),
            ended_at=at(last_day, 0),
            end_kind="revert",
            colour=i,
        )
        for i in range(n)
    )


def test_a_crowd_is_its_number_over_time(reader: Client, incident: Incident) -> None:
    add(incident, MOST_DRAWN, first_day=5, last_day=10)
    add(incident, 100, first_day=8, last_day=20)
    group = answer(reader, incident, parts="lanes")["lanes"]["groups"][0]
    assert group["items"] == []
    assert group["crowd"]["n"] == MOST_DRAWN + 100
    edges, counts = from_float32(group["crowd"]["edges"]), from_float32(group["crowd"]["counts"])
    assert len(edges) == len(counts) + 1
    middles = (edges[:-1] + edges[1:]) / 2 / 24 + 1
    for day, expected in ((3, 0), (6, MOST_DRAWN), (9, MOST_DRAWN + 100), (15, 100), (25, 0)):
        assert counts[abs(middles - day).argmin()] == expected, day


def test_each_is_seen_once_few_are_in_the_window(reader: Client, incident: Incident) -> None:
    add(incident, MOST_DRAWN + 1, first_day=5, last_day=7)
    add(incident, 3, first_day=8, last_day=20)
    window = {"from": "2026-03-10T00:00Z", "to": "2026-03-15T00:00Z"}
    group = answer(reader, incident, parts="lanes", **window)["lanes"]["groups"][0]
    assert "crowd" not in group
    assert len(group["items"]) == 3
