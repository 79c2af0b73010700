"""What sources sent, and where they fell silent."""

import datetime as dt

import pytest

from incidents.catalog.recording import receive
from incidents.ingest.arrivals import course_of, gaps_between, source_overviews
from incidents.response.models import Incident
from tests.factories import at, make_change, make_incident, make_points, make_product, make_source, make_ticket


def days(*numbers: int) -> list[dt.date]:
    """Return days of March 2026."""
    return [dt.date(2026, 3, number) for number in numbers]


def test_a_gap_is_told_in_a_source_that_usually_has_tickets() -> None:
    gaps = gaps_between(days(1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 22, 23))
    assert [(gap.first_on.day, gap.last_on.day, gap.n_days) for gap in gaps] == [(8, 11, 4), (19, 21, 3)]


def test_calm_weekends_and_rare_tickets_are_no_gaps() -> None:
    assert gaps_between(days(2, 3, 4, 5, 6, 9, 10, 11, 12, 13)) == ()
    assert gaps_between(days(1, 9, 17, 25)) == ()
    assert gaps_between(days(1)) == gaps_between([]) == ()


def test_the_course_keeps_every_ticket() -> None:
    assert course_of([]) == ()
    assert course_of([(dt.date(2026, 3, 1), 4), (dt.date(2026, 3, 3), 2)]) == (4.0, 0.0, 2.0)
    long = [(dt.date(2026, 1, 1) + dt.timedelta(days=number), 1) for number in range(100)]
    assert (len(course_of(long)), sum(course_of(long))) == (60, 100.0)


@pytest.mark.django_db
def test_rows_are_counted_by_source_and_hidden_cases_hide_their_sources() -> None:
    product = make_product()
    incident = make_incident(product)
    make_ticket(product, reported_at=at(3))
    make_ticket(product, reported_at=at(5))
    make_change(product)
    make_points(product, "latency", {at(1): 1.0, at(2): 2.0})
    make_source(product, "feed")
    make_ticket(make_product())
    shown = {one.source.key: one for one in source_overviews(product, Incident.objects.all())}
    own = shown["bundle"]
    assert (own.n_tickets, own.n_changes, own.n_points, own.incident) == (2, 1, 2, incident)
    assert (own.first_on, own.last_on) == (dt.date(2026, 3, 3), dt.date(2026, 3, 5))
    assert (shown["feed"].n_rows, shown["feed"].first_on) == (0, None)
    assert {one.source.key for one in source_overviews(product, Incident.objects.none())} == {"feed"}


@pytest.mark.django_db
def test_what_came_in_since_is_counted() -> None:
    product = make_product()
    source = make_source(product)
    for number in (1, 2):
        make_ticket(product)
        receive(source=source)
        assert source_overviews(product, Incident.objects.all())[0].n_tickets == number
