"""Words that stand out: once a ticket, against the rest, nothing private."""

import pytest

from incidents.catalog.models import Product
from incidents.tickets.queries import Complaints
from incidents.tickets.terms import distinctive_terms
from tests.factories import at, make_product, make_ticket

pytestmark = pytest.mark.django_db


def spans(product: Product) -> tuple[Complaints, list[tuple[Complaints, float]]]:
    here = Complaints(product=product, start=at(10, 0), end=at(20, 0))
    return here, [(here.within(at(1, 0), at(10, 0)), 20.0)]


def test_a_word_that_the_rest_does_not_use_stands_out() -> None:
    product = make_product()
    for i in range(20):
        make_ticket(product, text="The answer is fine fine fine.", reported_at=at(2, i))
        forgets = "It forgets forgets what I said; write to jane@example.org" if i % 2 else "The answer forgot me."
        make_ticket(product, text=forgets, title="Forgetting", reported_at=at(12, i))
    here, rest = spans(product)
    found = distinctive_terms(here, rest, 20.0)
    words = {term.word: term.n for term in found.terms}
    assert words["forgetting"] == 20
    assert "answer" not in words
    assert not {"jane", "example"} & set(words)
    assert (found.n_here, found.n_rest) == (20, 20)
    assert all(term.ratio.low > 1 for term in found.terms)


def test_of_many_tickets_every_so_manieth_is_read() -> None:
    product = make_product()
    for i in range(12):
        make_ticket(product, text="It forgets.", reported_at=at(12, i))
        make_ticket(product, text="It hangs.", reported_at=at(2, i))
    here, rest = spans(product)
    found = distinctive_terms(here, rest, 4500.0)
    assert 3 <= found.n_here <= 5


def test_without_anything_to_compare_with_no_word_is_told() -> None:
    product = make_product()
    make_ticket(product, text="It forgets.", reported_at=at(12))
    here, rest = spans(product)
    assert distinctive_terms(here, rest, 1.0).terms == ()
