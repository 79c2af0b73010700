"""Emerging topics: what no symptom fits gathers, spikes are raised, a person decides."""

import datetime as dt

import pytest

from incidents.catalog.models import Product, Symptom
from incidents.core.access import Role
from incidents.core.errors import Conflict, NotReady
from incidents.jobs.models import Job
from incidents.tickets import topics
from incidents.tickets.enums import ProposalState
from incidents.tickets.models import Topic, TopicTicket
from incidents.tickets.versions import CLASSIFY_JOB
from tests.factories import at, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db
PLACES = ("kitchen", "office", "garden", "train", "library", "station", "harbour", "museum")


def quiet(*_: object) -> None:
    """Hear no progress."""


def update(product: Product) -> int:
    return topics.update_topics(product=product, progress=quiet)


def complain(product: Product, n: int, day: dt.datetime) -> None:
    for number in range(n):
        place = PLACES[number % len(PLACES)]
        make_ticket(
            product, text=f"The microphone icon stays red in the {place} after unplugging headphones", reported_at=day
        )


def background(product: Product) -> None:
    """Two tickets a day that a symptom fits, so that there is a history."""
    for day in range(40):
        make_ticket(product, "slow", text="It is slow", reported_at=at(1) + dt.timedelta(days=day))


def test_a_new_topic_is_named_raised_and_joined() -> None:
    product = make_product()
    background(product)
    complain(product, 8, at(9, month=4))
    make_ticket(product, text="Please ship a darker theme soon", reported_at=at(8, month=4))
    assert update(product) == 1
    topic = topics.open_topics(product).get()
    assert {"microphone", "headphones"} & set(" ".join(topic.terms).split())
    assert (topic.n_tickets, topic.raised_at is not None) == (8, True)
    assert topic.spike["observed"] == 8
    assert topic.spike["upper"] < 8
    make_ticket(product, text="Red microphone icon after unplugging my headphones", reported_at=at(9, 20, month=4))
    assert update(product) == 0
    topic.refresh_from_db()
    assert topic.n_tickets == 9
    assert TopicTicket.objects.count() == 9


def test_few_or_known_complaints_are_no_topic() -> None:
    product = make_product()
    background(product)
    complain(product, topics.FEWEST - 1, at(9, month=4))
    assert update(product) == 0
    assert update(make_product()) == 0


def test_a_topic_becomes_a_symptom_or_is_dismissed() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    background(product)
    complain(product, 8, at(9, month=4))
    update(product)
    topic = Topic.objects.get()
    with pytest.raises(NotReady, match="a name"):
        topics.accept_topic(actor=person, topic=topic, name="…")
    with pytest.raises(Conflict, match="already"):
        topics.accept_topic(actor=person, topic=topic, name="Slow")
    symptom = topics.accept_topic(actor=person, topic=topic, name="Red microphone", description="The icon stays red.")
    assert Symptom.objects.get(product=product, key="red_microphone") == symptom
    assert symptom.terms == topic.terms
    assert Job.objects.filter(kind=CLASSIFY_JOB).exists()
    with pytest.raises(Conflict, match="decided"):
        topics.dismiss_topic(actor=person, topic=topic)
    assert list(topics.open_topics(product)) == []


def test_a_dismissed_topic_keeps_gathering_and_does_not_come_back() -> None:
    product = make_product()
    background(product)
    complain(product, 8, at(9, month=4))
    update(product)
    topics.dismiss_topic(actor=make_user(Role.SUPPORT, product=product), topic=Topic.objects.get())
    complain(product, 8, at(9, 18, month=4))
    assert update(product) == 0
    assert Topic.objects.get().state == ProposalState.DISMISSED
    assert TopicTicket.objects.count() == 16
