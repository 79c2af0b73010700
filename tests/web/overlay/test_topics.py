"""New topics on the overlay: series of their own, the sum as before, another answer after each change of a topic."""

import datetime as dt

import pytest
from django.test import Client

from incidents.response.models import Incident
from incidents.tickets import topics
from incidents.tickets.models import Topic, TopicTicket
from tests.factories import at, make_product, make_ticket
from tests.web.overlay.asking import answer, counts

pytestmark = pytest.mark.django_db


def make_topic(incident: Incident, n: int, *symptoms: str) -> Topic:
    topic = Topic.objects.create(product=incident.product, name="microphone, red, ann@example.org", n_tickets=n)
    for number in range(n):
        row = make_ticket(incident.product, *symptoms, reported_at=at(10) + dt.timedelta(hours=number))
        TopicTicket.objects.create(ticket=row, topic=topic)
    return topic


def test_a_topic_is_a_series_and_the_sum_stays(reader: Client, incident: Incident) -> None:
    topic = make_topic(incident, 4)
    mixed = make_topic(incident, 3, "slow")
    make_ticket(incident.product, "slow", reported_at=at(12))
    make_ticket(incident.product, reported_at=at(12))
    plain = answer(reader, incident)
    assert set(counts(plain)) == {"", "slow"}
    body = answer(reader, incident, topics=f"{topic.pk},{mixed.pk}")
    shown = {key: float(values.sum()) for key, values in counts(body).items()}
    assert shown == {"": 1.0, "slow": 1.0, f"topic-{topic.pk}": 4.0, f"topic-{mixed.pk}": 3.0}
    assert body["complaints"]["total"] == plain["complaints"]["total"] == 9.0
    names = [one["name"] for one in body["complaints"]["series"]]
    assert "New topic: microphone, red, [e-mail]" in names
    keys = {trace["meta"]["key"] for trace in body["complaints"]["figure"]["data"]}
    assert f"topic-{topic.pk}" in keys
    # The open ones, however they are numbered; each change of a topic makes another answer.
    assert set(counts(answer(reader, incident, topics="1"))) == set(shown)
    Topic.objects.filter(pk=mixed.pk).update(state="dismissed")
    assert set(counts(answer(reader, incident, topics="1"))) == {"", "slow", f"topic-{topic.pk}"}
    TopicTicket.objects.filter(topic=topic).delete()
    assert set(counts(answer(reader, incident, topics="1"))) == {"", "slow"}


def test_topics_of_other_products_and_nonsense_show_nothing(reader: Client, incident: Incident) -> None:
    make_ticket(incident.product, "slow", reported_at=at(12))
    foreign = Topic.objects.create(product=make_product(), name="foreign", n_tickets=9)
    accepted = make_topic(incident, 2)
    Topic.objects.filter(pk=accepted.pk).update(state="accepted")
    for wanted in (str(foreign.pk), str(accepted.pk), "x", "1,,2", "9" * 40):
        assert set(counts(answer(reader, incident, topics=wanted))) == {"", "slow"}, wanted


def test_a_topic_joins_layers_in_no_way(reader: Client, incident: Incident) -> None:
    topic = make_topic(incident, 4)
    body = answer(reader, incident, topics=str(topic.pk), layers="1")
    assert set(counts(body)) == {""}
    assert "not drawn with its layers" in body["complaints"]["layersNote"]


def test_a_topics_days_are_spread_and_filtered_like_all_others(reader: Client, incident: Incident) -> None:
    topic = Topic.objects.create(product=incident.product, name="t", n_tickets=2)
    rows = [
        make_ticket(incident.product, reported_at=at(12, 0), day_fields=["reported_at"], segment={"surface": surface})
        for surface in ("cli", "web")
    ]
    TopicTicket.objects.bulk_create([TopicTicket(ticket=row, topic=topic) for row in rows])
    window = {"from": "2026-03-11T00:00Z", "to": "2026-03-14T00:00Z", "topics": str(topic.pk), "clock": "report"}
    body = answer(reader, incident, **window, **{"seg.surface": "cli"})
    found = counts(body)
    assert set(found) == {f"topic-{topic.pk}"}
    assert found[f"topic-{topic.pk}"].sum() == pytest.approx(1.0, abs=0.05)
    assert len(topics.shown_topics(incident.product, str(topic.pk))) == 1
