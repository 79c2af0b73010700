"""The overlay's page and answers: who may see them, what they count, and with how few statements."""

import datetime as dt
import gzip
import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.changes.models import Change, RolloutStep
from incidents.charts.exposure import share_at
from incidents.charts.typed import Numbers, from_float32
from incidents.core.access import Role
from incidents.metrics.models import EvalRun, MetricPoint
from incidents.response.models import Evidence, Incident, PublicityEvent
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

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def incident() -> Incident:
    return make_incident()


@pytest.fixture
def reader(client: Client, incident: Incident) -> Client:
    client.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    return client


@pytest.fixture
def engineer(client: Client, incident: Incident) -> Client:
    client.force_login(make_user(Role.ENGINEER, product=incident.product), backend=BACKEND)
    return client


def answer(client: Client, incident: Incident, **query: Any) -> dict[str, Any]:
    response = client.get(reverse("overlay-data", args=[incident.pk]), query)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def counts(body: dict[str, Any]) -> dict[str, Numbers]:
    return {one["key"]: from_float32(one["y"]) for one in body["complaints"]["series"]}


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
    assert few <= 24


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
    assert complaints["legend"] == [
        "2 complaints from its scope",
        "1 complaint from outside it",
        "1 complaint that does not say: left out",
    ]
    assert [trace["meta"]["role"] for trace in complaints["figure"]["data"]] == ["exposed", "unexposed", "difference"]
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


def test_a_case_without_anything_answers_emptily(reader: Client, incident: Incident) -> None:
    body = answer(reader, incident)
    assert body["complaints"]["total"] == 0
    assert (body["lanes"]["nChanges"], body["lanes"]["groups"], body["lanes"]["rug"]) == (0, [], [])
    assert (body["metrics"]["nMetrics"], body["metrics"]["rows"], body["metrics"]["evals"]) == (0, [], None)
    assert body["run"] is None
    assert Change.objects.count() == 0
