"""Rates, two segments side by side, and lanes grouped by what the log tells."""

import numpy as np
import pytest
from django.test import Client

from incidents.charts.typed import from_float32
from incidents.response.models import Incident
from tests.factories import at, make_change, make_exposure, make_points, make_ticket
from tests.web.overlay.asking import answer

pytestmark = pytest.mark.django_db


def test_rates_divide_by_the_use_of_the_filtered_segment(reader: Client, incident: Incident) -> None:
    product = incident.product
    for day in range(1, 32):
        make_exposure(product, 3000, at(day, 0), surface="cli")
        make_exposure(product, 1000, at(day, 0), surface="web")
        # A second table of the same use must not be added to the first.
        make_exposure(product, 3500, at(day, 0), version="1.0")
    for day in (3, 3, 7):
        make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day))
    make_ticket(product, "slow", segment={"surface": "web"}, reported_at=at(7))
    everybody = answer(reader, incident, unit="rate")["complaints"]
    assert everybody["rateNote"] == ""
    drawn = from_float32(everybody["figure"]["data"][0]["y"])
    assert (drawn[2], drawn[6]) == pytest.approx((2 / 4, 2 / 4))
    web = answer(reader, incident, unit="rate", **{"seg.surface": "web"})["complaints"]
    assert from_float32(web["figure"]["data"][0]["y"])[6] == pytest.approx(1.0)
    assert from_float32(web["rate"]["use"]).tolist() == [1000.0] * 31


def test_where_use_is_not_counted_the_reason_is_told(reader: Client, incident: Incident) -> None:
    assert answer(reader, incident)["complaints"]["rateNote"].startswith("Use is not counted over time")
    for day in range(1, 5):
        make_exposure(incident.product, 10, at(day, 0), surface="cli")
    assert answer(reader, incident)["complaints"]["rateNote"] == ""
    body = answer(reader, incident, unit="rate", **{"seg.version": "1.0"})["complaints"]
    assert body["rateNote"] == "Use is not counted by version: take it out of the filter."
    assert body["rate"] is None


def test_two_segments_stand_side_by_side(reader: Client, incident: Incident) -> None:
    product = incident.product
    for day in range(1, 31):
        make_ticket(product, "slow", segment={"surface": "cli", "version": "1.1"}, reported_at=at(day))
        make_exposure(product, 2000, at(day, 0), surface="cli")
        make_exposure(product, 1000, at(day, 0), surface="web")
        if day % 2:
            make_ticket(product, "slow", segment={"surface": "web"}, reported_at=at(day))
    make_points(product, "success", {at(day): 0.7 for day in range(1, 31)}, surface="cli")
    make_points(product, "success", {at(day): 0.9 for day in range(1, 31)}, surface="web")
    body = answer(reader, incident, **{"seg.surface": "cli", "vs.surface": "web"})
    complaints = body["complaints"]
    assert complaints["contrast"]["counts"] == {"exposed": 30, "unexposed": 15}
    assert complaints["contrast"]["unit"] == "complaints per 1,000 uses"
    assert complaints["contrast"]["title"] == "Surface cli against Surface web"
    assert complaints["legend"] == ["Difference per 1,000 uses", "over the view: +0.00 [−0.42 to 0.42]"]
    first = from_float32(complaints["figure"]["data"][0]["y"])
    assert np.nanmean(first) == pytest.approx(0.5, abs=0.02)
    assert body["metrics"]["rows"][0]["lines"] == ["Surface cli", "Surface web"]


def test_lanes_are_grouped_by_reach_and_by_owner(reader: Client, incident: Incident) -> None:
    product = incident.product
    make_change(product, title="One", scope={"surface": ["cli"]}, extra={"owner": "Runtime"})
    make_change(product, title="Two", scope={"surface": ["web", "cli"]}, extra={"team": "Design"})
    make_change(product, title="Three")
    by_reach = answer(reader, incident, group="reach")["lanes"]
    assert [group["name"] for group in by_reach["groups"]] == ["Everybody", "cli", "cli, web"]
    by_owner = answer(reader, incident, group="owner")["lanes"]
    assert [group["name"] for group in by_owner["groups"]] == ["Design", "Runtime", "Nobody named"]
    assert by_owner["hasOwners"] is True
    found = answer(reader, incident, q="runtime")["lanes"]
    assert [item["label"] for group in found["groups"] for item in group["items"]] == ["One"]


def test_freezes_of_the_case_are_told(reader: Client, incident: Incident) -> None:
    incident.extra = {
        "freezes": [
            {"from": "2026-03-04", "to": "2026-03-05", "title": "Quarter's end"},
            {"from": "2026-03-08T06:00Z", "to": "2026-03-08T12:00Z"},
            {"from": "soon", "to": "2026-03-09"},
            "nothing",
        ]
    }
    incident.save()
    assert answer(reader, incident)["freezes"] == [[72.0, 120.0, "Quarter's end"], [174.0, 180.0, "Deploy freeze"]]
