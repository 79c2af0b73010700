"""The page of answers, and the answer that a ticket's card offers: published or approved words, nothing else."""

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from incidents.core.access import Role
from incidents.response.enums import AnswerStanding
from incidents.response.models import SupportAnswer
from incidents.web.tickets import reply
from incidents.web.tickets.causes import ProbableCause
from tests.factories import make_change, make_product, make_ticket, make_user
from tests.response.test_answers import approved

pytestmark = pytest.mark.django_db


def cause(change: Any, p: float) -> ProbableCause:
    return ProbableCause(title=change.title, probability=p, change_id=change.pk, colour=0)


def test_an_answer_is_written_approved_and_taken_out_of_use(client: Client) -> None:
    product = make_product()
    change = make_change(product, title="Cache change")
    client.force_login(make_user(Role.SUPPORT, product=product, username="sol"))
    page = client.get(reverse("triage-answers")).content.decode()
    assert "looking into them" in page
    fields = {"standing": "suspected", "change": change.pk, "segment": "surface=cli", "text": "We look at the cache."}
    client.post(reverse("triage-answer-write", args=[product.slug]), fields)
    row = SupportAnswer.objects.get()
    assert (row.change, row.segment, row.text, row.draft) == (change, {"surface": ["cli"]}, "", "We look at the cache.")
    act = reverse("triage-answer-act", args=[row.pk])
    assert client.post(act, {"do": "approve", "text": row.draft}).status_code == 403
    client.force_login(make_user(Role.COMMS, product=product, username="cora"))
    page = client.get(reverse("triage-answers")).content.decode()
    assert "Approve for support" in page
    client.post(act, {"do": "approve", "text": row.draft})
    assert "Approved by cora" in client.get(reverse("triage-answers")).content.decode()
    client.post(act, {"do": "write", "text": "We looked."})
    client.post(act, {"do": "discard"})
    client.post(act, {"do": "retire"})
    row.refresh_from_db()
    assert (row.text, row.draft, row.retired_at is None) == ("We look at the cache.", "", False)
    wrong = client.post(reverse("triage-answer-write", args=[product.slug]), {"standing": "sure"}, follow=True)
    assert "known, suspected or not known" in wrong.content.decode()


def test_strangers_and_readers_write_nothing(client: Client) -> None:
    product = make_product()
    row = approved(product, "We look.")
    fields = {"standing": "unknown", "text": "x"}
    client.force_login(make_user(Role.SUPPORT, product=make_product()))
    assert client.post(reverse("triage-answer-write", args=[product.slug]), fields).status_code == 404
    assert client.post(reverse("triage-answer-act", args=[row.pk]), {"do": "retire"}).status_code == 404
    assert "We look." not in client.get(reverse("triage-answers"), {"product": product.slug}).content.decode()


def test_the_reply_takes_approved_words_and_names_no_cause_by_itself(rf: RequestFactory) -> None:
    product = make_product()
    change = make_change(product, title="Secret lever")
    ticket = make_ticket(product, segment={"surface": "cli"})
    request = rf.get("/")

    def told(*causes: ProbableCause) -> reply.Reply:
        return reply.reply_for(request, ticket, causes)

    for p in (0.9, 0.3):
        assert told(cause(change, p)).text == reply.NEUTRAL[AnswerStanding.SUSPECTED]
    assert told().text == told(cause(change, 0.1)).text == reply.NEUTRAL[AnswerStanding.UNKNOWN]
    approved(product, "We suspect something.")
    approved(product, "Nobody knows.", AnswerStanding.UNKNOWN)
    # Approved for any known cause: says nothing of one of which nothing is published.
    approved(product, "We know it.", AnswerStanding.KNOWN)
    assert told(cause(change, 0.9)).text == "We suspect something."
    assert told(cause(change, 0.1)).text == "Nobody knows."
    approved(product, "The cache forgot too early.", AnswerStanding.KNOWN, change_id=change.pk)
    known = told(cause(change, 0.9))
    assert (known.standing, known.text) == ("Known, approved for support", "The cache forgot too early.")
    assert "approved for support by person-" in known.origin
    assert told(cause(change, 0.3)).text == "We suspect something."
    assert all("Secret" not in one.text for one in (told(), told(cause(change, 0.9)), told(cause(change, 0.3))))


def test_the_card_shows_where_the_words_come_from(client: Client) -> None:
    product = make_product()
    ticket = make_ticket(product)
    approved(product, "Nobody knows.", AnswerStanding.UNKNOWN)
    client.force_login(make_user(Role.SUPPORT, product=product))
    card = client.get(reverse("inbox-card", args=[ticket.pk])).content.decode()
    assert "Nobody knows." in card
    assert "Approved for support by" in card
