"""Duplicates: proposed, merged with their weight, taken apart, never twice."""

import pytest

from incidents.core.access import Role
from incidents.core.errors import Conflict, NotPermitted
from incidents.tickets import duplicates
from incidents.tickets.enums import DuplicateKind
from incidents.tickets.models import DuplicateProposal, Ticket
from incidents.tickets.queries import Complaints, symptom_totals
from tests.factories import at, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db
WORDS = "After the coffee break the session forgets which migration we were writing and starts over again"


def quiet(*_: object) -> None:
    """Hear no progress."""


def total(product: object) -> float:
    wanted = Complaints(product=product, start=at(1), end=at(1, month=4))  # type: ignore[arg-type]
    return sum(symptom_totals(wanted).values())


def test_near_copies_and_one_persons_tickets_are_proposed_once() -> None:
    product = make_product()
    first = make_ticket(product, text=WORDS, reported_at=at(10))
    copy = make_ticket(product, text=WORDS + "!", reported_at=at(12))
    make_ticket(product, text="The invoice of last month does not show the tax number that we need", reported_at=at(12))
    mine = make_ticket(product, "slow", text="slow", reporter="r-1", reported_at=at(10))
    again = make_ticket(product, "slow", text="why so slow", reporter="r-1", reported_at=at(11))
    make_ticket(product, "forgetful", text="forgets", reporter="r-1", reported_at=at(11))
    make_ticket(product, "slow", text="slow still", reporter="r-1", reported_at=at(25))
    assert duplicates.find_duplicates(product=product, progress=quiet) == 2
    found = {(one.kept_id, one.other_id): one.kind for one in duplicates.open_proposals(product)}
    assert found == {(first.pk, copy.pk): DuplicateKind.NEAR_COPY, (mine.pk, again.pk): DuplicateKind.SAME_PERSON}
    assert duplicates.find_duplicates(product=product, progress=quiet) == 0


def test_a_merge_moves_the_weight_and_can_be_undone() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    kept = make_ticket(product, "slow", text=WORDS, reporter="a")
    other = make_ticket(product, "slow", text=WORDS, reporter="b", weight=2.0)
    third = make_ticket(product, "slow", text=WORDS, reporter="a")
    before = total(product)
    first, second = duplicates.merge_tickets(actor=person, kept=kept, others=[other, third])
    kept.refresh_from_db()
    assert (kept.weight, kept.merged_weight) == (1.0, 2.0)
    assert second.gained_weight == 0.0
    assert total(product) == before - 1
    assert [one.other_id for one in duplicates.merges_of(kept)] == [other.pk, third.pk]
    with pytest.raises(Conflict, match="already"):
        duplicates.accept_proposal(actor=person, proposal=first)
    duplicates.undo_merge(actor=person, proposal=first)
    duplicates.undo_merge(actor=person, proposal=second)
    kept.refresh_from_db()
    assert (kept.merged_weight, Ticket.objects.filter(merged_into=None).count()) == (0.0, 3)
    assert total(product) == before
    with pytest.raises(Conflict, match="not merged"):
        duplicates.undo_merge(actor=person, proposal=first)


def test_a_chain_of_merges_unwinds_in_any_order() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    a, b, c = (make_ticket(product, "slow", text=WORDS, reporter=name) for name in "abc")
    (inner,) = duplicates.merge_tickets(actor=person, kept=b, others=[c])
    (outer,) = duplicates.merge_tickets(actor=person, kept=a, others=[b])
    a.refresh_from_db()
    assert a.merged_weight == 2.0
    duplicates.undo_merge(actor=person, proposal=inner)
    a.refresh_from_db()
    assert a.merged_weight == 1.0
    duplicates.undo_merge(actor=person, proposal=outer)
    assert set(Ticket.objects.values_list("merged_weight", flat=True)) == {0.0}
    with pytest.raises(Conflict, match="different"):
        duplicates.merge_tickets(actor=person, kept=a, others=[a])


def test_a_circle_is_refused_and_a_dismissed_pair_stays_two() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    a, b = (make_ticket(product, "slow", text=WORDS, reported_at=at(day)) for day in (10, 11))
    duplicates.merge_tickets(actor=person, kept=a, others=[b])
    with pytest.raises(Conflict):
        duplicates.merge_tickets(actor=person, kept=b, others=[a])
    c = make_ticket(product, "slow", text="It forgets the whole plan that we made this morning over coffee and cake")
    d = make_ticket(product, "slow", text="It forgets the whole plan that we made this morning over coffee and cake!")
    proposal = DuplicateProposal.objects.create(product=product, kept=c, other=d, kind="near_copy", alike=0.9)
    with pytest.raises(NotPermitted):
        duplicates.dismiss_proposal(actor=make_user(Role.COMMS, product=product), proposal=proposal)
    duplicates.dismiss_proposal(actor=person, proposal=proposal)
    duplicates.find_duplicates(product=product, progress=quiet)
    assert not duplicates.open_proposals(product).filter(kept=c).exists()
