"""Tickets that say nearly the same."""

import pytest
from django.db import connection

from incidents.tickets.classifier.text import stems
from incidents.tickets.similar import rank, rarest_lexemes, similar_tickets
from tests.factories import make_product, make_ticket

pytestmark = pytest.mark.django_db

WORDS = "After the coffee break the session forgets which migration we were writing"


def test_the_most_alike_come_first_and_copies_are_marked() -> None:
    product = make_product()
    mine = make_ticket(product, text=WORDS)
    copy = make_ticket(product, text=WORDS + " again!")
    near = make_ticket(product, text="It forgets the migration whenever I take a coffee break")
    make_ticket(product, text="Invoices are missing the tax number")
    make_ticket(make_product(), text=WORDS)
    found = similar_tickets(mine)
    assert [(one.ticket.pk, one.is_same) for one in found] == [(copy.pk, True), (near.pk, False)]
    assert found[0].alike > found[1].alike > 0.1


def test_a_ticket_without_words_is_like_no_other() -> None:
    product = make_product()
    make_ticket(product, text=WORDS)
    assert similar_tickets(make_ticket(product, text="", title="")) == []


def test_rare_words_are_asked_for_by_the_servers_statistics() -> None:
    product = make_product()
    for number in range(60):
        make_ticket(product, text=f"the usual complaint about tokens number{number}")
    mine = make_ticket(product, text="the usual complaint about tokens and xylophones, complaint upon complaint")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_ticket")
    wanted = rarest_lexemes(mine)
    assert "xylophon" in wanted
    assert len(wanted) <= 9


def test_quotes_and_signs_do_no_harm() -> None:
    product = make_product()
    mine = make_ticket(product, text=r"it's 'quoted' & | ! \ :* (broken) 'a'::tsquery")
    make_ticket(product, text="quoted and broken")
    assert len(similar_tickets(mine)) == 1


def test_rank_of_nothing() -> None:
    assert rank(stems("a b c"), []) == []
    assert rank((), [stems("a b c")]) == []
