"""Whatever happens to tickets in whatever order, counts read through the rollups are those of the tickets."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from incidents.catalog.models import Symptom
from incidents.tickets.enums import NO_SYMPTOM, Clock, TicketStatus
from incidents.tickets.models import Ticket, TicketRollup, TicketStale, TicketSymptom
from incidents.tickets.queries import Complaints, complaint_counts
from incidents.tickets.rollups import refresh_ticket_counts
from tests.factories import at, make_product, make_ticket

START = at(10, 0)
HOURS = 30
END = START + dt.timedelta(hours=HOURS)

offsets = st.integers(0, HOURS * 60 - 1)
indices = st.integers(0, 30)


def edges(minutes: int) -> list[dt.datetime]:
    return [START + dt.timedelta(minutes=minutes * i) for i in range(HOURS * 60 // minutes + 1)]


class Tickets(RuleBasedStateMachine):
    """Tickets that come, are labelled, dismissed, moved, forgotten and counted in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = transaction.atomic()
        self.scope.__enter__()
        self.product = make_product()
        self.symptoms = list(Symptom.objects.filter(product=self.product))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)

    def _one(self, index: int) -> Ticket | None:
        rows = list(Ticket.objects.filter(product=self.product).order_by("id"))
        return rows[index % len(rows)] if rows else None

    @rule(minute=offsets, lag=st.none() | st.integers(0, 600), weight=st.sampled_from([1.0, 1.0, 2.5]))
    def report(self, minute: int, lag: int | None, weight: float) -> None:
        reported = START + dt.timedelta(minutes=minute)
        onset = None if lag is None else reported - dt.timedelta(minutes=lag)
        make_ticket(self.product, reported_at=reported, onset_at=onset, weight=weight)

    @rule(day=st.integers(0, 1))
    def report_a_day(self, day: int) -> None:
        make_ticket(self.product, reported_at=START + dt.timedelta(days=day), day_fields=["reported_at"])

    @rule(index=indices, symptom=st.integers(0, 1), confidence=st.sampled_from([0.0, 0.25, 1.0]))
    def label(self, index: int, symptom: int, confidence: float) -> None:
        if ticket := self._one(index):
            TicketSymptom.objects.update_or_create(
                ticket=ticket, symptom=self.symptoms[symptom], defaults={"confidence": confidence, "source": "person"}
            )

    @rule(index=indices)
    def unlabel(self, index: int) -> None:
        if ticket := self._one(index):
            ticket.labels.all().delete()

    @rule(index=indices, minute=offsets)
    def move(self, index: int, minute: int) -> None:
        if ticket := self._one(index):
            ticket.onset_at = None
            ticket.reported_at = START + dt.timedelta(minutes=minute)
            ticket.save()

    @rule(index=indices)
    def dismiss(self, index: int) -> None:
        if ticket := self._one(index):
            Ticket.objects.filter(pk=ticket.pk).update(status=TicketStatus.DISMISSED)

    @rule(index=indices)
    def delete(self, index: int) -> None:
        if ticket := self._one(index):
            ticket.delete()

    @rule()
    def refresh(self) -> None:
        refresh_ticket_counts(product=self.product)
        assert not TicketStale.objects.filter(product_id=self.product.pk).exists()

    @invariant()
    def counts_are_those_of_the_tickets(self) -> None:
        for clock in Clock:
            for minutes in (5, 15, 60):  # from tickets, from quarters, from hours
                limits = edges(minutes)
                wanted = Complaints(product=self.product, start=START, end=END, clock=clock)
                counts = complaint_counts(wanted, limits, spread_days=None)
                found = {
                    (symptom, int(i)): float(counts.values[row, i])
                    for row, symptom in enumerate(counts.symptom_ids)
                    for i in np.flatnonzero(np.abs(counts.values[row]) > 1e-12)
                }
                assert found == pytest.approx(self._expected(clock, minutes))

    def _expected(self, clock: Clock, minutes: int) -> dict[tuple[int, int], float]:
        found: Counter[tuple[int, int]] = Counter()
        for ticket in Ticket.objects.filter(product=self.product).exclude(status=TicketStatus.DISMISSED):
            moment = (ticket.onset_at if clock is Clock.ONSET else None) or ticket.reported_at
            if not START <= moment < END:
                continue
            bucket = int((moment - START).total_seconds()) // (minutes * 60)
            labels = [(one.symptom_id, one.confidence) for one in ticket.labels.all() if one.confidence > 0]
            whole = sum(confidence for _, confidence in labels)
            for symptom, confidence in labels or [(NO_SYMPTOM, 1.0)]:
                found[symptom, bucket] += ticket.weight * confidence / (whole or 1.0)  # type: ignore[assignment]
        return dict(found)


@pytest.mark.django_db
def test_any_order_of_events_counts_as_the_tickets() -> None:
    run_state_machine_as_test(Tickets, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/Los_Angeles"])
def test_a_day_that_is_known_alone_is_spread_alike_before_and_after_counting(zone: str) -> None:
    product = make_product()
    midnight = dt.datetime(2026, 3, 10, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    for _ in range(4):
        make_ticket(product, "slow", reported_at=midnight, day_fields=["reported_at"])
    make_ticket(product, "slow", reported_at=midnight + dt.timedelta(hours=5, minutes=20))
    limits = [midnight + dt.timedelta(hours=i) for i in range(49)]
    wanted = Complaints(product=product, start=limits[0], end=limits[-1])
    before = complaint_counts(wanted, limits, spread_days=ZoneInfo(zone))
    refresh_ticket_counts()
    after = complaint_counts(wanted, limits, spread_days=ZoneInfo(zone))
    assert before.n_day_only == after.n_day_only == 4.0
    np.testing.assert_allclose(before.values, after.values)
    assert after.values[0, 5] == pytest.approx(1 + 4 / 24)
    assert after.values[0, 24:].sum() == 0.0


@pytest.mark.django_db
def test_other_products_are_neither_counted_nor_refreshed() -> None:
    mine, other = make_product(), make_product()
    make_ticket(mine, "slow")
    make_ticket(other, "slow")
    refresh_ticket_counts(product=mine)
    assert set(TicketRollup.objects.values_list("product_id", flat=True)) == {mine.pk}
    assert set(TicketStale.objects.values_list("product_id", flat=True)) == {other.pk}
    limits = edges(60)
    wanted = Complaints(product=mine, start=at(15, 0), end=at(16, 0))
    assert complaint_counts(wanted, [at(15, 0), at(16, 0)], spread_days=None).values.sum() == 1.0
    assert limits[0] == START
