"""Tickets as support reads and decides them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.core.access import Action, Role
from incidents.core.audit import audit_trail
from incidents.core.errors import NotPermitted, NotThere
from incidents.tickets.enums import LabelSource, TicketStatus
from incidents.tickets.inbox import (
    TicketFilter,
    channels_of,
    decide_symptoms,
    set_ticket_status,
    ticket_for,
    ticket_page,
    tickets_matching,
)
from incidents.tickets.models import TicketSymptom
from incidents.tickets.tallies import Tally, Told, tally
from tests.factories import at, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_filters() -> None:
    product = make_product()
    slow = make_ticket(product, "slow", segment={"surface": "cli"}, channel="chat", reported_at=at(3))
    both = make_ticket(product, "slow", "forgetful", segment={"surface": "web"}, reported_at=at(9))
    bare = make_ticket(product, text="Nach der Pause weiß es nichts mehr.", title="Vergesslich", status="dismissed")
    make_ticket(make_product(), "slow")

    def found(**chosen: object) -> set[int]:
        return {row.pk for row in tickets_matching(product, TicketFilter(**chosen))}  # type: ignore[arg-type]

    assert found() == {slow.pk, both.pk, bare.pk}
    assert found(symptom="slow") == {slow.pk, both.pk}
    assert found(symptom="none") == {bare.pk}
    assert found(status="dismissed") == {bare.pk}
    assert found(channel="chat") == {slow.pk}
    assert found(labelled_by="bundle") == {slow.pk, both.pk}
    assert found(segment={"surface": ["web"]}) == {both.pk}
    assert found(segment={"surface": [""]}) == {bare.pk}
    assert found(starts_at=at(3), ends_at=at(9)) == {slow.pk}
    assert found(words="vergesslich") == {bare.pk}
    assert found(words='"says number"') == {slow.pk, both.pk}
    assert found(words="pause -nichts") == set()


def test_a_doubtful_label_does_not_count_as_said() -> None:
    product = make_product()
    ticket = make_ticket(product, "slow")
    TicketSymptom.objects.filter(ticket=ticket).update(confidence=0.4)
    assert list(tickets_matching(product, TicketFilter(symptom="none"))) == [ticket]
    assert not tickets_matching(product, TicketFilter(symptom="slow")).exists()


@given(size=st.integers(1, 8))
def test_pages_by_key_hold_every_ticket_once(size: int) -> None:
    product = make_product()
    made = {make_ticket(product, reported_at=at(1 + number // 3)).pk for number in range(7)}
    rows, key, seen = tickets_matching(product, TicketFilter()), "", []
    while True:
        page = ticket_page(rows, after=key, size=size)
        seen += [ticket.pk for ticket in page.tickets]
        key = page.next_key
        if not key:
            break
    assert sorted(seen) == sorted(made)


def test_a_malformed_key_starts_anew() -> None:
    product = make_product()
    ticket = make_ticket(product)
    assert ticket_page(tickets_matching(product, TicketFilter()), after="soon|x").tickets == [ticket]


def test_a_page_of_fifty_costs_as_many_statements_as_a_page_of_one(django_assert_num_queries: object) -> None:
    product = make_product()
    for n_more in (1, 2):
        for _ in range(n_more):
            make_ticket(product, "slow", "forgetful", segment={"surface": "cli"})
        with django_assert_num_queries(3):  # type: ignore[operator]
            for ticket in ticket_page(tickets_matching(product, TicketFilter())).tickets:
                assert ticket.segment.values == {"surface": "cli"}
                assert {label.symptom.key for label in ticket.labels.all()} == {"slow", "forgetful"}


def test_counts_stop_at_the_cap() -> None:
    product = make_product()
    for _ in range(3):
        make_ticket(product)
    rows = tickets_matching(product, TicketFilter())
    assert tally(rows) == Tally(n=3)
    assert tally(rows, cap=2) == Tally(n=2, told=Told.AT_LEAST)


def test_a_persons_word_replaces_the_machines() -> None:
    product = make_product()
    support = make_user(Role.SUPPORT, product=product)
    ticket = make_ticket(product, "slow")
    decide_symptoms(actor=support, ticket=ticket, symptoms=list(product.symptoms.filter(key="forgetful")))
    label = ticket.labels.get()
    assert (label.symptom.key, label.source, label.confidence) == ("forgetful", LabelSource.PERSON, 1.0)
    ticket.refresh_from_db()
    assert ticket.status == TicketStatus.TRIAGED
    assert audit_trail(ticket).get().detail == {"before": ["slow"], "after": ["forgetful"]}


def test_a_status_is_set_once() -> None:
    product = make_product()
    support, ticket = make_user(Role.SUPPORT, product=product), make_ticket(product)
    for _ in range(2):
        set_ticket_status(actor=support, ticket=ticket, status=TicketStatus.DISMISSED)
    assert audit_trail(ticket).count() == 1


def test_doors() -> None:
    product = make_product()
    ticket = make_ticket(product, channel="forum")
    assert channels_of(product) == ["forum"]
    comms = make_user(Role.COMMS, product=product)
    assert ticket_for(comms, ticket.pk) == ticket
    with pytest.raises(NotPermitted):
        ticket_for(comms, ticket.pk, Action.TRIAGE)
    with pytest.raises(NotThere):
        ticket_for(make_user(Role.SUPPORT, product=make_product()), ticket.pk)
