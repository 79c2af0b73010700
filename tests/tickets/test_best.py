"""Search results by how well they fit."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.tickets import best
from incidents.tickets.best import best_matches, best_page, fitness, lexemes
from incidents.tickets.inbox import TicketFilter
from tests.factories import at, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_the_title_and_more_of_the_words_come_first_and_of_equals_the_newer() -> None:
    product = make_product()
    often = make_ticket(product, title="It freezes", text="frozen again, freezing", reported_at=at(1))
    old = make_ticket(product, title="About prompts", text="one froze, another freezes", reported_at=at(2))
    new = make_ticket(product, title="About prompts", text="one froze, another freezes", reported_at=at(3))
    make_ticket(product, title="About prompts", text="all is well", reported_at=at(4))
    make_ticket(make_product(), title="It freezes", text="", reported_at=at(4))
    found = best_matches(product, TicketFilter(words="freezes"))
    assert (found.numbers, found.is_capped) == ([often.pk, new.pk, old.pk], False)


def test_other_filters_hold_and_excluded_words_do_not_rank() -> None:
    product = make_product()
    chat = make_ticket(product, title="Slow", text="", channel="chat", reported_at=at(1))
    make_ticket(product, title="Slow", text="", channel="mail", reported_at=at(2))
    make_ticket(product, title="Slow", text="in version nine", channel="chat", reported_at=at(3))
    assert best_matches(product, TicketFilter(words="slow -nine", channel="chat")).numbers == [chat.pk]
    assert lexemes('slow -nine -"two words" happy') == ["happi", "slow"]
    assert fitness(["happi"], [("Unhappy", "so happy"), ("", "gloomy")])[1] == 0.0
    assert fitness(["happi"], [("", "so happy"), ("", "gloomy")])[0] > 0.0
    assert best_matches(product, TicketFilter(words="the")).numbers == []


def test_only_the_newest_are_ranked_and_pages_hold_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    product = make_product()
    made = [
        make_ticket(product, title=f"Slow {n}", text="", reported_at=at(1) + dt.timedelta(hours=n)) for n in range(9)
    ]
    monkeypatch.setattr(best, "RANKED", 7)
    monkeypatch.setattr(best, "SORTED_WHOLE", 0)
    found = best_matches(product, TicketFilter(words="slow"))
    assert found.is_capped
    assert sorted(found.numbers) == [one.pk for one in made[2:]]
    first = best_page(found, size=5)
    second = best_page(found, after=first.next_key, size=5)
    assert [one.pk for one in (*first.tickets, *second.tickets)] == found.numbers
    assert second.next_key == ""
    assert best_page(found, after="nonsense", size=5).tickets == first.tickets


def test_the_page_offers_the_order_with_words_only_and_says_which_it_is(client: Client) -> None:
    product = make_product()
    make_ticket(product, title="Slow and slow again", text="slow", reported_at=at(1))
    make_ticket(product, title="Much text about other things", text="it is slow", reported_at=at(2))
    client.force_login(make_user(Role.SUPPORT, product=product))
    address = reverse("inbox")
    plain = client.get(address, {"product": product.slug}).content.decode()
    assert 'name="sort"' not in plain
    page = client.get(address, {"product": product.slug, "status": "any", "q": "slow", "sort": "best"})
    text = page.content.decode()
    assert "the best match first" in text
    assert text.index("Slow and slow again") < text.index("Much text about other things")
    newest = client.get(address, {"product": product.slug, "status": "any", "q": "slow"}).content.decode()
    assert "the newest first" in newest
    assert newest.index("Much text about other things") < newest.index("Slow and slow again")
