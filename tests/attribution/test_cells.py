"""The one aggregate of tickets against a straightforward count, and what is assembled around it."""

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from incidents.attribution.casefile import Casefile, read_case
from incidents.changes.models import ChangeLink, RolloutStep
from incidents.response.models import Incident, PublicityEvent
from incidents.tickets.models import Ticket
from tests.attribution.cases import START, at, make_case
from tests.factories import make_change, make_exposure, make_incident, make_points, make_product, make_ticket

Cell = tuple[int, tuple[tuple[str, str], ...], str]


def counted(case: Casefile) -> dict[Cell, float]:
    """Return the cells of the evidence by what they stand for."""
    evidence = case.evidence
    found = {}
    for bin_, pattern, symptom, count in zip(
        evidence.cell_bin, evidence.cell_pattern, evidence.cell_symptom, evidence.cell_count, strict=True
    ):
        told = tuple(
            (dimension.name, dimension.values[value])
            for dimension, value in zip(evidence.dimensions, evidence.patterns[pattern], strict=True)
            if value >= 0
        )
        found[int(bin_), told, evidence.symptoms[symptom]] = float(count)
    return found


def straightforward(incident: Incident) -> dict[Cell, float]:
    """Count the same, ticket by ticket."""
    zone = ZoneInfo(incident.timezone)
    total: dict[Cell, float] = defaultdict(float)
    for ticket in Ticket.objects.select_related("segment").prefetch_related("labels__symptom"):
        name = "onset_at" if ticket.onset_at is not None else "reported_at"
        moment = getattr(ticket, name)
        if name in ticket.day_fields:
            moment += dt.timedelta(hours=12)
        if ticket.status == "dismissed" or not incident.starts_at <= moment < incident.ends_at:
            continue
        if incident.bucket == "day":
            where = (moment.astimezone(zone).date() - incident.starts_at.astimezone(zone).date()).days
        else:
            where = int((moment - incident.starts_at) // dt.timedelta(hours=1))
        labels = {label.symptom.key: label.confidence for label in ticket.labels.all() if label.confidence > 0}
        whole = sum(labels.values())
        pattern = tuple(sorted(ticket.segment.values.items()))
        for key, confidence in (labels or {"unknown": 1.0}).items():
            total[where, pattern, key] += ticket.weight * (confidence / whole if labels else 1.0)
    return dict(total)


VALUES = {"surface": ["cli", "web"], "version": ["1.0", "1.1", "unlisted"]}
TICKETS = st.lists(
    st.fixed_dictionaries(
        {
            "hour": st.floats(-30, 14 * 24 + 30),
            "onset": st.none() | st.floats(-40, 14 * 24),
            "symptoms": st.dictionaries(st.sampled_from(["slow", "forgetful"]), st.sampled_from([0.0, 0.25, 0.7, 1.0])),
            "segment": st.fixed_dictionaries({}, optional={key: st.sampled_from(some) for key, some in VALUES.items()}),
            "weight": st.sampled_from([1.0, 2.5]),
            "status": st.sampled_from(["new", "triaged", "dismissed"]),
            "day": st.sampled_from([[], ["reported_at"], ["onset_at"], ["reported_at", "onset_at"]]),
        }
    ),
    max_size=25,
)


class EqualsACountByHand(TestCase):
    """Whatever the tickets, the aggregate is the count."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rows=TICKETS, bucket=st.sampled_from(["day", "hour"]), zone=st.sampled_from(["UTC", "America/Los_Angeles"]))
    def test_cells(self, rows: list[dict[str, Any]], bucket: str, zone: str) -> None:
        product = make_product()
        incident = make_incident(product, starts_at=START, ends_at=at(14 * 24), bucket=bucket, timezone=zone)
        for row in rows:
            ticket = make_ticket(
                product,
                *row["symptoms"],
                segment=row["segment"],
                reported_at=at(row["hour"]),
                weight=row["weight"],
                status=row["status"],
                onset_at=None if row["onset"] is None else at(row["onset"]),
                day_fields=row["day"],
            )
            for label in ticket.labels.all():
                label.confidence = row["symptoms"][label.symptom.key]
                label.save()
        case = read_case(incident)
        expected, found = straightforward(incident), counted(case)
        assert found.keys() == expected.keys()
        assert list(found.values()) == pytest.approx([expected[key] for key in found])
        case.evidence.check()


@pytest.mark.django_db
def test_tickets_of_other_products_are_left_out() -> None:
    case = make_case(per_day=3)
    before = read_case(case.incident).evidence.n_tickets
    make_ticket(make_product(), "slow", reported_at=at(30))
    assert read_case(case.incident).evidence.n_tickets == before > 0


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_case() -> None:
    case = make_case(per_day=3)
    read_case(case.incident)  # content types and the like
    with CaptureQueriesContext(
        connection,
    ) as first:
        read_case(case.incident)
    for number in range(3):
        make_change(case.product, started_at=at(24 * number))
        make_ticket(case.product, "slow", reported_at=at(30), segment={"version": f"2.{number}"})
        make_points(case.product, f"metric-{number}", {at(30): 1.0}, surface="cli")
    with CaptureQueriesContext(connection) as second:
        read_case(case.incident)
    assert len(first) == len(second) <= 15


@pytest.mark.django_db
def test_changes_become_exposures() -> None:
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(14 * 24))
    first = make_change(product, started_at=at(24), ended_at=at(72), end_kind="revert", scope={"surface": ["web"]})
    RolloutStep.objects.create(change=first, at=at(24), share=0.25)
    RolloutStep.objects.create(change=first, at=at(30), share=1.0)
    second = make_change(product, started_at=at(48), scope={"build": ["internal"]}, visibility="internal")
    third = make_change(product, started_at=at(96), day_fields=["started_at"], carried_by_version="1.1")
    ChangeLink.objects.create(change=third, other=first, kind="masks")
    case = read_case(incident)
    exposures = {exposure.key: exposure for exposure in case.evidence.changes}
    names = [dimension.name for dimension in case.evidence.dimensions]

    one = exposures[str(first.pk)]
    assert (one.started, one.ended, one.end_kind, one.edge_uncertainty) == (24.0, 72.0, "revert", 0.0)
    assert one.steps == ((24.0, 0.25), (30.0, 1.0))
    assert one.scope == ((names.index("surface"), (1,)),)
    assert one.carrier is None

    two = exposures[str(second.pk)]
    assert two.visibility == "internal"
    assert case.evidence.dimensions[two.scope[0][0]].values == ("internal",)

    three = exposures[str(third.pk)]
    assert three.edge_uncertainty == 24.0
    assert three.masks == (str(first.pk),)
    assert three.carrier is not None
    assert case.evidence.dimensions[three.carrier.dimension].name == "version"
    assert three.carrier.values == (1,)


@pytest.mark.django_db
def test_adoption_follows_what_tickets_say_of_their_version() -> None:
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(28 * 24))
    change = make_change(product, started_at=at(14 * 24), carried_by_version="1.1")
    for day in range(28):
        for number in range(4):
            newer = day >= 20 or (day >= 14 and number < 2)
            make_ticket(product, reported_at=at(day * 24 + 6), segment={"version": "1.1" if newer else "1.0"})
    carrier = read_case(incident).evidence.changes[0].carrier
    assert read_case(incident).changes == (change,)
    assert carrier is not None
    assert carrier.adoption[5] < 0.05
    assert 0.3 < carrier.adoption[17] < 0.7
    assert carrier.adoption[26] > 0.85


@pytest.mark.django_db
def test_usage_takes_the_finest_counts_and_totals_their_times() -> None:
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(4 * 24))
    for day in range(4):
        make_exposure(product, 90.0 + 10 * day, at(day * 24), surface="cli")
        make_exposure(product, 10.0, at(day * 24), surface="web")
        make_exposure(product, 100.0 + 10 * day, at(day * 24))
    evidence = read_case(incident).evidence
    assert evidence.usage is not None
    assert evidence.usage_total == pytest.approx(np.array([100.0, 110.0, 120.0, 130.0]))
    shares = {tuple(row): share for row, share in zip(evidence.usage.segments, evidence.usage.share, strict=True)}
    assert shares == {(0, -1): 420.0, (1, -1): 40.0}


@pytest.mark.django_db
def test_shares_without_times_are_no_offset() -> None:
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(4 * 24))
    make_exposure(product, 3.0, surface="cli")
    make_exposure(product, 1.0, surface="web")
    evidence = read_case(incident).evidence
    assert evidence.usage is not None
    assert evidence.usage.share.tolist() == [3.0, 1.0]
    assert evidence.usage_total is None


@pytest.mark.django_db
def test_metrics_are_panels_of_times_against_groups() -> None:
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(4 * 24))
    metric = make_points(product, "latency", {at(-20): 4.0, at(5): 1.0, at(15): 3.0, at(30): 5.0}, surface="cli")
    make_points(product, "latency", {at(30): 7.0})
    metric.better = "lower"
    metric.save()
    (panel,) = read_case(incident).evidence.metrics
    assert panel.better == "lower"
    assert panel.hours.tolist() == [-12.0, 12.0, 36.0]
    by_group = dict(zip(map(tuple, panel.groups.tolist()), panel.values.T.tolist(), strict=True))
    assert by_group[0, -1] == pytest.approx([4.0, 2.0, 5.0])
    assert by_group[-1, -1] == pytest.approx([np.nan, np.nan, 7.0], nan_ok=True)


@pytest.mark.django_db
def test_publicity_of_a_bare_day_stands_at_its_middle() -> None:
    incident = make_incident(starts_at=START, ends_at=at(4 * 24))
    PublicityEvent.objects.create(incident=incident, at=at(24), title="A post", day_only=True)
    PublicityEvent.objects.create(incident=incident, at=at(50), title="An article")
    assert read_case(incident).evidence.publicity == (36.0, 50.0)
