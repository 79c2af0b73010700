"""The overlay's page and answers: who may see them, what they count, and with how few statements."""

import datetime as dt
import gzip
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.changes.models import Change, RolloutStep
from incidents.charts.exposure import share_at
from incidents.charts.typed import from_float32
from incidents.core.access import Role
from incidents.metrics.models import EvalRun, MetricPoint
from incidents.response.models import Incident, PublicityEvent
from tests.factories import (
    at,
    make_change,
    make_exposure,
    make_incident,
    make_points,
    make_product,
    make_source,
    make_statement,
    make_ticket,
    make_user,
)
from tests.web.overlay.asking import answer, counts
from tests.web.overlay.conftest import BACKEND

pytestmark = pytest.mark.django_db


# Who may see it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["case", "overlay-data", "overlay-csv", "overlay-facets", "overlay-selection"])
def test_nobody_else_sees_a_case(client: Client, incident: Incident, name: str) -> None:
    address = reverse(name, args=[incident.pk])
    assert client.get(address).status_code == 302
    client.force_login(make_user(Role.ENGINEER, product=make_product()), backend=BACKEND)
    assert client.get(address).status_code == 404


def test_the_page_says_where_the_numbers_are(reader: Client, incident: Incident) -> None:
    page = reader.get(reverse("case", args=[incident.pk]))
    assert page.status_code == 200
    assert reverse("overlay-data", args=[incident.pk]) in page.content.decode()
    assert "'unsafe-inline'" not in page["Content-Security-Policy"].split("style-src-attr")[0]


# Counting -------------------------------------------------------------------------------------------------------------


def test_complaints_per_day_add_up_and_dismissed_ones_do_not_count(reader: Client, incident: Incident) -> None:
    product = incident.product
    make_ticket(product, "slow", reported_at=at(3))
    make_ticket(product, "slow", "forgetful", reported_at=at(3), weight=3)
    make_ticket(product, reported_at=at(4))
    make_ticket(product, "slow", reported_at=at(4), status="dismissed")
    make_ticket(product, "slow", reported_at=at(1, month=5))
    body = answer(reader, incident, clock="report")
    found = counts(body)
    assert found["slow"][2] == 2.5
    assert found["forgetful"][2] == 1.5
    assert found[""][3] == 1
    assert body["complaints"]["total"] == 5
    assert body["complaints"]["binName"] == "day"


def test_onset_and_report_are_two_clocks(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow", reported_at=at(20), onset_at=at(12))
    assert counts(answer(reader, incident))["slow"][11] == 1
    assert counts(answer(reader, incident, clock="report"))["slow"][19] == 1


def test_a_filter_reaches_counts_metrics_and_lanes_and_unknown_is_a_value(reader: Client, incident: Incident) -> None:
    product = incident.product
    make_ticket(product, "slow", segment={"surface": "cli"})
    make_ticket(product, "slow", segment={"surface": "web"})
    make_ticket(product, "slow", segment={"version": "1.0"})
    make_points(product, "success", {at(day): 0.5 for day in range(1, 9)}, surface="cli")
    make_points(product, "success", {at(day): 0.9 for day in range(1, 9)}, surface="web")
    make_change(product, scope={"surface": ["web"]}, ended_at=at(20), end_kind="revert")
    body = answer(reader, incident, **{"seg.surface": "cli"})
    assert body["complaints"]["total"] == 1
    (row,) = body["metrics"]["rows"]
    line = next(one for one in row["figure"]["data"] if one["meta"]["role"] == "line")
    assert from_float32(line["y"])[0] == pytest.approx(0.5)
    assert body["lanes"]["groups"][0]["items"][0]["reaches"] is False
    assert answer(reader, incident, **{"seg.surface": ["cli", ""]})["complaints"]["total"] == 2
    assert answer(reader, incident, **{"seg.surface": "cli", "reach": "1"})["lanes"]["nHidden"] == 1


def test_a_ticket_of_which_only_the_day_is_known_is_spread_over_it(reader: Client) -> None:
    incident = make_incident(bucket="hour", timezone="America/Los_Angeles")
    reader.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    midnight = dt.datetime(2026, 3, 8, 8, tzinfo=dt.UTC)
    make_ticket(incident.product, "slow", reported_at=midnight, day_fields=["reported_at"], weight=23)
    body = answer(reader, incident, **{"from": "2026-03-08T00:00", "to": "2026-03-09T12:00", "px": 200})
    values = counts(body)["slow"]
    # The day has 23 hours, and a bin is one of them.
    assert body["complaints"]["binName"] == "hour"
    assert list(values[:23]) == pytest.approx([1.0] * 23)
    assert values[23:].sum() == 0
    assert body["complaints"]["dayOnly"] == 23
    assert [label for _, label in body["shifts"]] == ["Clocks go forward 60 minutes (America/Los_Angeles)"]


def test_a_window_outside_the_case_is_cut_and_nonsense_is_refused_with_a_remedy(
    reader: Client, incident: Incident
) -> None:
    body = answer(reader, incident, **{"from": "2020-01-01", "to": "2030-01-01T00:00Z"})
    assert body["shown"] == body["window"]
    response = reader.get(reverse("overlay-data", args=[incident.pk]), {"from": "soon"})
    assert response.status_code == 400
    assert "2026-03-26T14:00Z" in response.json()["error"]


# Changes --------------------------------------------------------------------------------------------------------------


def test_lanes_tell_rollout_end_back_dating_and_silence(reader: Client, incident: Incident) -> None:
    product = incident.product
    change = make_change(
        product,
        title="Shorter answers",
        started_at=at(5, 0),
        ended_at=at(15, 0),
        end_kind="revert",
        discovered_at=at(14, 0),
        user_facing=True,
    )
    RolloutStep.objects.create(change=change, at=at(5, 0), share=0.25)
    RolloutStep.objects.create(change=change, at=at(7, 0), share=1.0)
    make_change(product, title="Still there", started_at=at(6, 0), announced_at=at(6, 0), user_facing=True)
    make_change(product, kind="client_release", title="1.1", carried_by_version="1.1", started_at=at(8, 0))
    lanes = answer(reader, incident)["lanes"]
    ended, in_force = lanes["groups"]
    (item,) = ended["items"]
    assert item["line"] == [[96, 0], [96, 0.25], [144, 0.25], [144, 1.0], [336, 1.0], [336, 0.0]]
    assert (item["endKind"], item["discovered"], item["unannounced"]) == ("revert", 312, True)
    assert "never announced" in item["says"]
    (other,) = in_force["items"]
    assert (other["end"], other["unannounced"], other["announced"]) == (None, False, 120)
    assert [tick["version"] for tick in lanes["rug"]] == ["1.1"]


def test_a_fix_by_version_fades_with_counted_use(reader: Client, incident: Incident) -> None:
    product = incident.product
    make_change(product, started_at=at(5, 0), ended_at=at(15, 0), end_kind="fix", fixed_in_version="1.1")
    for day in range(1, 32):
        moved = min(max(day - 15, 0) / 8, 1.0)
        make_exposure(product, 100 * (1 - moved) + 0.1, at(day), version="1.0")
        make_exposure(product, 100 * moved + 0.1, at(day), version="1.1")
    (group,) = answer(reader, incident)["lanes"]["groups"]
    item = group["items"][0]
    assert item["basis"] == "usage"
    shares = {at_: share for at_, share in item["line"] if at_ > 14 * 24}
    falling = [shares[key] for key in sorted(shares)]
    assert falling == sorted(falling, reverse=True)
    assert 0.3 < share_at([tuple(point) for point in item["line"]], 18.5 * 24) < 0.7
    assert max(shares) > 20 * 24


def test_grouping_by_kind_and_a_search_in_titles(reader: Client, incident: Incident) -> None:
    make_change(incident.product, kind="cache", title="Cache lifetime")
    make_change(incident.product, kind="effort", title="Effort default")
    names = [group["name"] for group in answer(reader, incident, group="kind")["lanes"]["groups"]]
    assert names == ["Reasoning effort", "Cache"]
    lanes = answer(reader, incident, q="cache")["lanes"]
    assert lanes["nHidden"] == 1


# Metrics, evaluations, statements -------------------------------------------------------------------------------------


def test_metrics_keep_spikes_gaps_and_what_an_evaluation_could_have_seen(reader: Client, incident: Incident) -> None:
    product = incident.product
    points = {at(day, hour): 1.0 for day in range(1, 20) for hour in range(24)}
    points[at(10, 7)] = 50.0
    make_points(product, "latency", points)
    source = make_source(product)
    common = {"product": product, "source": source, "suite": "nightly", "at": at(9)}
    EvalRun.objects.create(**common, external_id="e1", n=300, score=0.68, baseline_score=0.70)
    EvalRun.objects.create(**common, external_id="e2", verdict="no regression")
    body = answer(reader, incident, px=250)["metrics"]
    (row,) = body["rows"]
    highest = next(one for one in row["figure"]["data"] if one["meta"]["role"] == "range-high")
    assert from_float32(highest["y"]).max() == 50
    assert row["gaps"][-1][1] == 31 * 24
    first, second = body["evals"]["runs"]
    assert first["detectable"] == pytest.approx(10.9, abs=0.1)
    assert (second["detectable"], second["difference"]) == (None, None)


def test_segments_are_pooled_by_sample_size_or_drawn_apart(reader: Client, incident: Incident) -> None:
    make_points(incident.product, "success", {at(3): 0.5}, surface="cli")
    make_points(incident.product, "success", {at(3): 0.9}, surface="web")
    MetricPoint.objects.filter(value=0.5).update(n=300)
    MetricPoint.objects.filter(value=0.9).update(n=100)
    (row,) = answer(reader, incident)["metrics"]["rows"]
    assert row["lines"] == ["2 segments pooled"]
    line = next(one for one in row["figure"]["data"] if one["meta"]["role"] == "line")
    assert from_float32(line["y"])[0] == pytest.approx(0.6)
    assert answer(reader, incident, lines="segment")["metrics"]["rows"][0]["lines"] == ["cli", "web"]


def test_statements_close_together_share_a_flag(reader: Client, incident: Incident) -> None:
    for minutes in (0, 5, 9):
        make_statement(incident, at=at(12) + dt.timedelta(minutes=minutes))
    make_statement(incident, at=at(25))
    PublicityEvent.objects.create(incident=incident, at=at(13), title="A thread was widely read")
    flags = answer(reader, incident)["flags"]
    assert [flag["n"] for flag in flags["statements"]] == [3, 1]
    assert flags["publicity"][0]["title"] == "A thread was widely read"
    said = reader.get(reverse("overlay-statements", args=[incident.pk]), {"ids": flags["statements"][0]["ids"][0]})
    assert said.content.decode().count("We changed nothing.") == 1


# How it answers -------------------------------------------------------------------------------------------------------


def test_an_answer_is_compressed_tagged_and_not_sent_twice(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow")
    address = reverse("overlay-data", args=[incident.pk])
    first = reader.get(address, headers={"Accept-Encoding": "gzip"})
    assert first["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(first.content))["complaints"]["total"] == 1
    assert "private" in first["Cache-Control"]
    again = reader.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_ticket(incident.product, "slow")
    assert reader.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_parts_are_built_alone(reader: Client, incident: Incident) -> None:
    body = answer(reader, incident, parts="flags")
    assert "flags" in body
    assert not {"lanes", "complaints", "metrics"} & body.keys()


def statements_of(reader: Client, incident: Incident) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer(reader, incident, layers="1", **{"seg.surface": "cli"})
    return len(captured)


def test_the_number_of_statements_does_not_grow_with_the_rows(reader: Client, incident: Incident) -> None:
    def add(*numbers: int) -> None:
        for i in numbers:
            make_ticket(incident.product, "slow", segment={"surface": "cli"})
            change = make_change(incident.product, fixed_in_version="1.1", ended_at=at(20), end_kind="fix")
            RolloutStep.objects.create(change=change, at=at(11), share=0.5)
            make_points(incident.product, f"metric{i}", {at(day): 1.0 for day in range(1, 9)})
            make_statement(incident)

    add(0)
    few = statements_of(reader, incident)
    add(1, 2, 3)
    assert statements_of(reader, incident) == few
    assert few <= 29


def test_a_case_without_anything_answers_emptily(reader: Client, incident: Incident) -> None:
    body = answer(reader, incident)
    assert body["complaints"]["total"] == 0
    assert (body["lanes"]["nChanges"], body["lanes"]["groups"], body["lanes"]["rug"]) == (0, [], [])
    assert (body["metrics"]["nMetrics"], body["metrics"]["rows"], body["metrics"]["evals"]) == (0, [], None)
    assert body["run"] is None
    assert Change.objects.count() == 0
