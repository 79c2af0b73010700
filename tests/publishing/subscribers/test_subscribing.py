"""From a reader's wish to the letter in their box, and to webhooks: with a real mail server and a real receiver."""

import datetime as dt
import email
import json
import re
import socket
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core import mail
from django.test import Client
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.core.errors import InputError, NotPermitted
from incidents.jobs.enums import JobState
from incidents.jobs.models import Job
from incidents.jobs.runner import run
from incidents.publishing.services import withdraw
from incidents.publishing.subscribers.enums import DeliveryState
from incidents.publishing.subscribers.models import Delivery, Subscriber
from incidents.publishing.subscribers.services import (
    PAUSES,
    add_hook,
    ask_to_subscribe,
    next_digest,
    renew_secret,
    send_again,
)
from tests.documents.stories import Story
from tests.web.test_public import out


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def work(*, until: dt.datetime | None = None) -> None:
    """Do every waiting job, those that are due by `until` too."""
    for _ in range(50):
        job = Job.objects.filter(state=JobState.QUEUED).order_by("available_at", "id").first()
        if job is None:
            return
        if until is not None:
            Job.objects.filter(pk=job.pk, available_at__lte=until).update(available_at=job.created_at)
        run(job.pk, background=False)
        if Job.objects.get(pk=job.pk).state == JobState.QUEUED:
            return


def reader(story: Story, address: str = "reader@example.com", pace: str = "instant") -> Subscriber:
    ask_to_subscribe(product=story.product, address=address, pace=pace)
    work()
    row = Subscriber.objects.get(address=address)
    answer = Client().post(f"/p/subscriptions/{row.token}/confirm/{pace}/")
    assert answer.status_code == 200
    mail.outbox.clear()
    row.refresh_from_db()
    return row


# --- Mail --------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_the_box_itself_says_yes(client: Client, story: Story) -> None:
    out(story)
    page = client.post("/p/larch/subscribe/", {"address": "Reader@Example.com", "pace": "digest"})
    assert "on its way to Reader@Example.com" in page.content.decode()
    assert "Set-Cookie" not in page.headers
    work()
    [letter] = mail.outbox
    assert letter.to == ["reader@example.com"]
    link = re.search(r"https?://\S+/confirm/digest/", str(letter.body))
    assert link is not None
    path = "/p/" + link.group(0).split("/p/", 1)[1]
    assert "Yes, subscribe" in client.get(path).content.decode()
    assert Subscriber.objects.get().confirmed_at is None
    out(story, title="Second")
    work()
    assert len(mail.outbox) == 1
    assert "You are subscribed" in client.post(path).content.decode()
    assert Subscriber.objects.get().confirmed_at is not None


def test_asking_again_writes_no_second_letter_and_tells_nothing(client: Client, story: Story) -> None:
    out(story)
    first = client.post("/p/larch/subscribe/", {"address": "reader@example.com", "pace": "instant"})
    again = client.post("/p/larch/subscribe/", {"address": "reader@example.com", "pace": "instant"})
    assert first.content == again.content
    work()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "address", ["", "x", "a@b", "a@b.c\nBcc: d@e.fr", "a b@example.com", "a@example.com,b@example.com"]
)
def test_what_is_no_address_is_refused(client: Client, story: Story, address: str) -> None:
    out(story)
    page = client.post("/p/larch/subscribe/", {"address": address, "pace": "instant"})
    assert page.status_code == 422
    assert not Subscriber.objects.exists()


def test_a_publication_reaches_a_reader_once(story: Story) -> None:
    row = reader(story)
    publication = out(story, title="What & <how>")
    work()
    [letter] = mail.outbox
    assert letter.subject == "What & <how>"
    assert f"/p/larch/postmortems/{publication.slug}/" in str(letter.body)
    assert "What & <how>" in str(letter.body)
    assert "What &amp; &lt;how&gt;" in str(letter.alternatives[0].content)  # type: ignore[attr-defined]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert row.token in letter.extra_headers["List-Unsubscribe"]
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_leaving_takes_one_post_without_a_cookie_and_forgets_the_address(story: Story) -> None:
    row = reader(story)
    path = f"/p/subscriptions/{row.token}/leave/"
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path).status_code == 200
    assert Subscriber.objects.exists()
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()
    assert strict.post(path).status_code == 200
    out(story)
    work()
    assert mail.outbox == []


def test_what_was_withdrawn_before_it_went_out_stays(story: Story) -> None:
    reader(story)
    publication = out(story)
    withdraw(actor=story.comms, document=publication.document, reason="Too early.")
    work()
    assert mail.outbox == []
    assert Delivery.objects.get().state == DeliveryState.DROPPED


def test_a_digest_gathers_a_day(story: Story) -> None:
    reader(story, pace="digest")
    out(story, title="First")
    out(story, title="Second")
    work()
    assert mail.outbox == []
    work(until=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    [letter] = mail.outbox
    assert letter.subject == "Larch: 2 news"
    assert str(letter.body).index("First") < str(letter.body).index("Second")
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_the_next_digest_is_at_nine_in_the_products_zone_across_a_clock_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    before = dt.datetime(2026, 3, 28, 10, tzinfo=dt.UTC)
    assert next_digest(before, zone) == dt.datetime(2026, 3, 29, 7, tzinfo=dt.UTC)
    assert next_digest(dt.datetime(2026, 3, 29, 6, 59, tzinfo=dt.UTC), zone) == dt.datetime(
        2026, 3, 29, 7, tzinfo=dt.UTC
    )


class _Box:
    """What a mail server took, and whom it refuses."""

    def __init__(self) -> None:
        self.letters: list[Message] = []

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(email.message_from_bytes(content))
        return "250 OK"


@pytest.fixture
def box(settings: Settings) -> Iterator[_Box]:
    """Run a mail server on loopback."""
    handler = _Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    settings.EMAIL_PORT = port
    yield handler
    controller.stop()


def test_letters_go_through_a_real_mail_server(story: Story, box: _Box) -> None:
    reader(story)
    box.letters.clear()
    out(story, title="Größer")
    work()
    [letter] = box.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert {part.get_content_type() for part in letter.walk()} >= {"text/plain", "text/html"}


def test_a_box_that_does_not_exist_is_not_written_to_again(story: Story, box: _Box) -> None:
    row = reader(story)
    Subscriber.objects.filter(pk=row.pk).update(address="nobody@example.com")
    out(story, title="First")
    work()
    row.refresh_from_db()
    assert Delivery.objects.get().state == DeliveryState.DEAD
    assert row.stopped_at is not None
    out(story, title="Second")
    work()
    assert Delivery.objects.count() == 1


# --- Webhooks ----------------------------------------------------------------------------------------------------


class _Receiver:
    """A webhook's other end on loopback: keeps what comes, answers what it is told."""

    def __init__(self) -> None:
        received: list[tuple[dict[str, str], bytes]] = []
        statuses: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(statuses.pop(0) if statuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.received, self.statuses = received, statuses
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[_Receiver]:
    """Run a receiver that may be called."""
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    running = _Receiver()
    yield running
    running.close()


def test_a_webhook_is_signed_as_the_standard_says_also_while_its_secret_changes(
    story: Story, receiver: _Receiver
) -> None:
    hook = add_hook(actor=story.comms, product=story.product, channel="webhook", address=receiver.url)
    publication = out(story)
    work()
    [(headers, body)] = receiver.received
    event = Webhook(hook.secret).verify(body, headers)
    assert event["type"] == "publication.published"
    assert event["data"]["url"].endswith(f"/p/larch/postmortems/{publication.slug}/")
    renewed = renew_secret(actor=story.comms, subscriber=hook)
    publication.document.refresh_from_db()
    out(story, body="Other words.", document=publication.document, correction="Shorter.")
    work()
    headers, body = receiver.received[1]
    assert Webhook(hook.secret).verify(body, headers)["type"] == "publication.corrected"
    assert Webhook(renewed.secret).verify(body, headers)


def test_what_fails_is_tried_again_later_and_given_up_in_the_end(story: Story, receiver: _Receiver) -> None:
    add_hook(actor=story.comms, product=story.product, channel="webhook", address=receiver.url)
    receiver.statuses[:] = [500] * (len(PAUSES) + 1)
    out(story)
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, len(receiver.received)) == (DeliveryState.WAITING, 1, 1)
    assert delivery.next_at is not None
    work(until=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, len(PAUSES) + 1)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    send_again(actor=story.comms, delivery=delivery)
    work()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT


def test_a_receiver_that_is_gone_is_left_alone(story: Story, receiver: _Receiver) -> None:
    hook = add_hook(actor=story.comms, product=story.product, channel="webhook", address=receiver.url)
    receiver.statuses[:] = [410]
    out(story)
    work()
    hook.refresh_from_db()
    assert hook.stopped_at is not None
    assert Delivery.objects.get().state == DeliveryState.DEAD


def test_a_redirect_is_not_followed(story: Story, receiver: _Receiver) -> None:
    add_hook(actor=story.comms, product=story.product, channel="webhook", address=receiver.url)
    receiver.statuses[:] = [302]
    out(story)
    work()
    assert len(receiver.received) == 1
    assert "answered 302" in Delivery.objects.get().error


def test_a_chat_room_gets_a_line_in_which_nothing_is_markup(story: Story, receiver: _Receiver) -> None:
    add_hook(actor=story.comms, product=story.product, channel="slack", address=receiver.url)
    out(story, title="What <!channel> & how")
    work()
    [(_, body)] = receiver.received
    message = json.loads(body)
    assert "What &lt;!channel&gt; &amp; how" in message["text"]
    assert "<!channel>" not in body.decode()


def test_hooks_are_added_by_those_who_publish_and_lead_outside(client: Client, story: Story) -> None:
    with pytest.raises(NotPermitted):
        add_hook(actor=story.engineer, product=story.product, channel="webhook", address="https://example.com/")
    with pytest.raises(InputError, match="public internet"):
        add_hook(actor=story.comms, product=story.product, channel="webhook", address="https://127.0.0.1/")
    page = "/publish/subscribers/larch/"
    client.force_login(story.engineer)
    assert client.get(page).status_code == 403
    client.force_login(story.stranger)
    assert client.get(page).status_code == 404


def test_the_staff_page_shows_the_secret_once_and_sends_again(
    client: Client, story: Story, receiver: _Receiver
) -> None:
    client.force_login(story.comms)
    page = client.post("/publish/subscribers/larch/", {"channel": "webhook", "address": receiver.url})
    hook = Subscriber.objects.get()
    assert hook.secret in page.content.decode()
    assert hook.secret not in client.get("/publish/subscribers/larch/").content.decode()
    Delivery.objects.create(subscriber=hook, publication=out(story), state="dead", attempts=10, error="answered 500")
    assert "answered 500" in client.get("/publish/subscribers/larch/").content.decode()
    client.force_login(story.stranger)
    assert client.post(f"/publish/subscribers/larch/{hook.pk}/", {"do": "remove"}).status_code == 404
    client.force_login(story.comms)
    assert client.post(f"/publish/subscribers/larch/{hook.pk}/", {"do": "remove"}).status_code == 302
    assert not Subscriber.objects.exists()
