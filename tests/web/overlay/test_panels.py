"""The side panel: a selection, a change, statements, facets; pinning and taking the numbers away."""

import datetime as dt
from urllib.parse import unquote

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from incidents.charts.typed import from_float32
from incidents.response.models import Evidence, Incident
from tests.factories import (
    at,
    make_change,
    make_points,
    make_product,
    make_ticket,
)
from tests.web.overlay.asking import answer

pytestmark = pytest.mark.django_db


# Panels ---------------------------------------------------------------------------------------------------------------


def test_a_selection_says_what_is_special_about_it(engineer: Client, incident: Incident) -> None:
    product = incident.product
    for day in range(1, 29):
        make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day))
    for hour in range(12):
        make_ticket(product, "forgetful", segment={"surface": "web"}, reported_at=at(15, hour))
    make_change(product, title="In force then")
    hostile = make_ticket(product, "slow", reported_at=at(15), text="<script>alert(1)</script>")
    query = {"sel_from": "2026-03-15T00:00Z", "sel_to": "2026-03-16T00:00Z"}
    text = engineer.get(reverse("overlay-selection", args=[incident.pk]), query).content.decode()
    assert ">14</span> complaints" in text
    assert "<small>Surface</small> web" in text
    assert "<small>Surface</small> cli" not in text
    assert "In force then" in text
    assert f"/tickets/{hostile.pk}/" in text
    assert "<script>alert" not in text


def test_tickets_of_a_selection_come_in_pages_without_gaps(engineer: Client, incident: Incident) -> None:
    made = [make_ticket(incident.product, "slow", reported_at=at(15), title=f"T{i}!").title for i in range(25)]
    query = {"sel_from": "2026-03-15T00:00Z", "sel_to": "2026-03-16T00:00Z"}
    address = reverse("overlay-selection", args=[incident.pk])
    first = engineer.get(address, query).content.decode()
    key = first.split("after=")[1].split('"')[0]
    second = engineer.get(address, query | {"after": unquote(key)}).content.decode()
    assert sum(title in first for title in made) == 20
    assert sum(title in second for title in made) == 5
    assert "Symptoms" not in second


def test_pinning_keeps_the_window_the_filter_and_the_figure(engineer: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow", segment={"surface": "cli"}, reported_at=at(15))
    body = {"sel_from": "2026-03-15T00:00Z", "sel_to": "2026-03-16T00:00Z", "note": " The rise begins. "}
    address = reverse("overlay-pin", args=[incident.pk]) + "?seg.surface=cli"
    assert b"Pinned" in engineer.post(address, body).content
    pinned = Evidence.objects.get(incident=incident)
    assert (pinned.starts_at, pinned.ends_at) == (at(15, 0), at(16, 0))
    assert pinned.segment_filter == {"surface": ["cli"]}
    assert pinned.figures["complaints"] == 1
    assert pinned.note == "The rise begins."


def test_support_reads_but_does_not_pin(reader: Client, incident: Incident) -> None:
    body = {"sel_from": "2026-03-15T00:00Z", "sel_to": "2026-03-16T00:00Z"}
    assert reader.post(reverse("overlay-pin", args=[incident.pk]), body).status_code == 403
    panel = reader.get(reverse("overlay-selection", args=[incident.pk]), body).content.decode()
    assert "Pin as evidence" not in panel


def test_a_change_tells_its_four_times_scope_and_edges(reader: Client, incident: Incident) -> None:
    change = make_change(
        incident.product,
        title="Shorter answers",
        scope={"surface": ["cli"]},
        ended_at=dt.datetime(2026, 3, 21, tzinfo=dt.UTC),
        end_kind="revert",
        day_fields=["ended_at"],
    )
    make_ticket(incident.product, "slow", reported_at=at(11))
    text = reader.get(reverse("overlay-change", args=[incident.pk, change.pk])).content.decode()
    assert "10 Mar 2026, 12:00 UTC" in text
    assert "<dd>20 Mar 2026</dd>" in text
    assert "Surface: cli" in text
    assert "never" in text
    foreign = make_change(make_product())
    assert reader.get(reverse("overlay-change", args=[incident.pk, foreign.pk])).status_code == 404


def test_contrast_splits_complaints_by_the_scope(reader: Client, incident: Incident) -> None:
    change = make_change(incident.product, scope={"surface": ["cli"]})
    for values in ({"surface": "cli"}, {"surface": "cli"}, {"surface": "web"}, {"version": "1.0"}):
        make_ticket(incident.product, "slow", segment=values)
    complaints = answer(reader, incident, contrast=change.pk)["complaints"]
    assert complaints["contrast"]["counts"] == {"exposed": 2, "unexposed": 1}
    assert complaints["legend"][-1] == "1 complaint that does not say: left out"
    roles = [trace["meta"]["role"] for trace in complaints["figure"]["data"]]
    assert roles == ["exposed", "unexposed", "interval-low", "interval-high", "difference"]
    foreign = make_change(make_product())
    address = reverse("overlay-data", args=[incident.pk])
    assert reader.get(address, {"contrast": foreign.pk}).status_code == 404


def test_facets_count_under_the_other_choices(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, segment={"surface": "cli", "version": "1.0"})
    make_ticket(incident.product, segment={"surface": "web", "version": "1.0"})
    make_ticket(incident.product, segment={"version": "1.1"})
    page = reader.get(reverse("overlay-facets", args=[incident.pk]), {"seg.surface": "cli"})
    surface, version = page.context["facets"]
    assert surface.values == (("cli", 1, True), ("web", 1, False), ("", 1, False))
    assert version.values == (("1.0", 1, False), ("1.1", 0, False), ("", 0, False))


def test_the_csv_holds_what_is_shown_and_no_formula(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow", reported_at=at(3))
    make_points(incident.product, "=evil", {at(3): 2.5})
    lines = reader.get(reverse("overlay-csv", args=[incident.pk])).content.decode().splitlines()
    assert "complaints,Slow,slow,2026-03-03T00:00:00Z,2026-03-04T00:00:00Z,1,complaints" in lines
    assert any(line.startswith("metric,'=evil: All users") and ",2.5," in line for line in lines)


def test_contrast_splits_the_metrics_that_tell_the_scope_from_the_rest(reader: Client, incident: Incident) -> None:
    product = incident.product
    change = make_change(product, scope={"surface": ["cli"]})
    for surface, model, value in (("cli", "", 0.6), ("web", "", 0.9), ("app", "", 0.8), ("cli", "small", 0.1)):
        segment = {"surface": surface} | ({"model": model} if model else {})
        make_points(product, "success", {at(day): value for day in range(1, 31)}, **segment)
    make_points(product, "latency", {at(day): 2.0 for day in range(1, 31)})
    rows = {row["key"]: row for row in answer(reader, incident, contrast=change.pk)["metrics"]["rows"]}
    assert rows["success"]["lines"] == ["In its scope", "Outside it"]
    means = [
        np.nanmean(from_float32(trace["y"]))
        for trace in rows["success"]["figure"]["data"]
        if trace["meta"]["role"] == "line"
    ]
    assert means == pytest.approx([0.6, 0.85], abs=0.01)
    assert (rows["success"]["unscoped"], rows["latency"]["unscoped"]) == (False, True)
    assert rows["latency"]["lines"] == ["All users"]
    plain = {row["key"]: row for row in answer(reader, incident)["metrics"]["rows"]}
    assert plain["success"]["unscoped"] is plain["latency"]["unscoped"] is False
