"""Triage at speed."""

import pytest

from incidents.core.access import Role
from incidents.core.errors import InputError, NotPermitted
from incidents.core.models import AuditEntry
from incidents.tickets.desk import accept_proposals, assign, assign_many, save_view, set_status_of, views_of
from incidents.tickets.enums import LabelSource, TicketStatus
from incidents.tickets.inbox import TicketFilter, tickets_matching
from incidents.tickets.marking import marked_text
from tests.factories import make_product, make_ticket, make_user


@pytest.mark.django_db
def test_many_are_accepted_as_the_machine_proposes() -> None:
    product = make_product()
    support = make_user(Role.SUPPORT, product=product)
    rows = [make_ticket(product, "slow"), make_ticket(product, "slow")]
    assert accept_proposals(actor=support, product=product, ticket_ids=[row.pk for row in rows]) == 2
    for row in rows:
        row.refresh_from_db()
        [label] = row.labels.all()
        assert (row.status, label.source, label.confidence) == (TicketStatus.TRIAGED, LabelSource.PERSON, 1.0)
        assert label.decided_by == support


@pytest.mark.django_db
def test_tickets_of_other_products_are_not_touched_and_too_many_are_refused() -> None:
    product, other = make_product(), make_product(name="Other", slug="other")
    support = make_user(Role.SUPPORT, product=product)
    foreign = make_ticket(other, "slow")
    assert set_status_of(actor=support, product=product, ticket_ids=[foreign.pk], status=TicketStatus.DISMISSED) == 0
    foreign.refresh_from_db()
    assert foreign.status == TicketStatus.NEW
    with pytest.raises(InputError, match="too many"):
        accept_proposals(actor=support, product=product, ticket_ids=list(range(201)))
    with pytest.raises(NotPermitted):
        accept_proposals(actor=make_user(Role.COMMS, product=product), product=product, ticket_ids=[])


@pytest.mark.django_db
def test_a_ticket_is_taken_once_and_found_by_whom() -> None:
    product = make_product()
    support = make_user(Role.SUPPORT, product=product, username="sol")
    row, other = make_ticket(product, "slow"), make_ticket(product, "slow")
    assign(actor=support, ticket=row, to=support)
    assign(actor=support, ticket=row, to=support)
    assert AuditEntry.objects.filter(action="ticket assigned").count() == 1
    assert list(tickets_matching(product, TicketFilter(assigned_to="sol"))) == [row]
    assert list(tickets_matching(product, TicketFilter(assigned_to="none"))) == [other]
    assign_many(actor=support, product=product, ticket_ids=[other.pk], to=support)
    assert tickets_matching(product, TicketFilter(assigned_to="sol")).count() == 2
    with pytest.raises(NotPermitted):
        assign(actor=support, ticket=row, to=make_user(Role.COMMS, product=product))


@pytest.mark.django_db
def test_only_what_the_machine_is_unsure_of() -> None:
    product = make_product()
    sure, unsure = make_ticket(product, "slow"), make_ticket(product, "slow")
    unsure.labels.update(confidence=0.5)
    sure.labels.update(confidence=0.9)
    assert list(tickets_matching(product, TicketFilter(is_unsure=True))) == [unsure]


@pytest.mark.django_db
def test_a_view_is_ones_own_and_replaced_by_name() -> None:
    product = make_product()
    one, other = make_user(Role.SUPPORT, product=product), make_user(Role.SUPPORT, product=product)
    save_view(actor=one, product=product, name="  Slow  ones ", query="symptom=slow")
    save_view(actor=one, product=product, name="Slow ones", query="symptom=slow&unsure=1")
    [view] = views_of(one, product)
    assert (view.name, view.query) == ("Slow ones", "symptom=slow&unsure=1")
    assert not views_of(other, product).exists()
    with pytest.raises(InputError):
        save_view(actor=one, product=product, name=" ", query="")


@pytest.mark.django_db
def test_the_words_that_speak_for_a_symptom_are_marked_and_nothing_is_lost() -> None:
    product = make_product()
    product.symptoms.filter(key="forgetful").update(name="Forgetful", terms=["lost the thread", "forgot"])
    text = "It LOST the thread, twice. Then it forgot my name."
    marked = marked_text(product, "", text, proposed={"forgetful"})
    assert "".join(piece.text for piece in marked.body) == text
    spoken = {piece.text: piece.names for piece in marked.body if piece.names}
    assert spoken["LOST the thread"] == ("Forgetful",)
    assert "forgot" in spoken
    assert marked.title == ()
    assert [piece.names for piece in marked_text(product, "", text, proposed=()).body] == [()]
