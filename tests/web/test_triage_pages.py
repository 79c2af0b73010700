"""The pages beside the tickets: each shows, and does what its buttons say."""

import datetime as dt
import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.catalog.models import Product, Symptom
from incidents.core.access import Role
from incidents.core.models import AuditEntry
from incidents.response.models import DismissedRise, PublicityEvent
from incidents.tickets import duplicates, readings, reporters, topics
from incidents.tickets.models import DuplicateProposal, Ticket, Topic
from tests.factories import at, make_incident, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db
WORDS = "After the coffee break ann@example.org forgets which migration we were writing and starts over again"


def quiet(*_: object) -> None:
    """Hear no progress."""


def shown(client: Client, name: str, product: Product, **query: str) -> str:
    response = client.get(reverse(name), {"product": product.slug, **query})
    assert response.status_code == 200
    return str(response.content.decode())


def signed(client: Client, role: Role, product: Product) -> None:
    client.force_login(make_user(role, product=product))


def test_empty_pages_say_what_to_expect(client: Client) -> None:
    product = make_product()
    signed(client, Role.SUPPORT, product)
    for name, words in {
        "triage-topics": "No new topic",
        "triage-duplicates": "No pair to decide",
        "triage-rules": "Segment rules",
        "triage-delays": "too few to tell",
        "triage-texts": "kept for ever",
    }.items():
        assert words in shown(client, name, product), name


def test_duplicates_are_merged_and_taken_apart(client: Client) -> None:
    product = make_product()
    rows = [make_ticket(product, "slow", text=WORDS, reported_at=at(day)) for day in (10, 11, 12)]
    duplicates.find_duplicates(product=product, progress=quiet)
    signed(client, Role.SUPPORT, product)
    page = shown(client, "triage-duplicates", product)
    assert "Nearly the same words" in page
    assert "ann@example.org" not in page
    proposal = DuplicateProposal.objects.filter(kept=rows[0]).first()
    assert proposal is not None
    address = reverse("triage-duplicate", args=[proposal.pk])
    client.post(address, {"decision": "merge"})
    assert Ticket.objects.get(pk=rows[0].pk).merged_weight == 1.0
    assert "Take apart" in shown(client, "triage-duplicates", product)
    assert "Merged into" in client.get(reverse("ticket", args=[proposal.other_id])).content.decode()
    client.post(address, {"decision": "undo"})
    assert Ticket.objects.get(pk=rows[0].pk).merged_weight == 0.0
    client.post(address, {"decision": "dismiss"})
    proposal.refresh_from_db()
    assert proposal.state == "dismissed"
    signed(client, Role.COMMS, product)
    assert client.post(address, {"decision": "merge"}).status_code == 403


def test_a_topic_is_decided(client: Client) -> None:
    product = make_product()
    for day in range(40):
        make_ticket(product, "slow", text="It is slow", reported_at=at(1) + dt.timedelta(days=day))
    for number in range(8):
        text = f"The microphone icon stays red after unplugging headphones, floor {number}"
        make_ticket(product, text=text, reported_at=at(9, month=4))
    topics.update_topics(product=product, progress=quiet)
    signed(client, Role.SUPPORT, product)
    page = shown(client, "triage-topics", product)
    assert "New symptom?" in page
    assert "8 on 9 Apr 2026" in page
    address = reverse("triage-topic", args=[Topic.objects.get().pk])
    client.post(address, {"decision": "accept", "name": "Red microphone"})
    assert Symptom.objects.filter(product=product, name="Red microphone").exists()
    client.post(reverse("triage-topics-refresh", args=[product.slug]))
    assert "No new topic" in shown(client, "triage-topics", product)


def test_rules_are_tried_and_saved(client: Client) -> None:
    product = make_product()
    signed(client, Role.SUPPORT, product)
    address = f"{reverse('triage-rules')}?product={product.slug}"
    rules = "surface: web = portal\n? In the portal -> surface: web\n? Nothing here -> surface: cli"
    page = client.post(address, {"rules": rules, "action": "try"}).content.decode()
    assert page.count("pill--ok") == 1
    assert page.count("pill--bad") == 1
    assert readings.rules_text(product) == ""
    wrong = client.post(address, {"rules": "surface web", "action": "save"})
    assert wrong.status_code == 422
    assert "Line 1 is no rule" in wrong.content.decode()
    assert client.post(address, {"rules": rules, "action": "save"}).status_code == 302
    assert readings.rules_text(product) == rules


def test_a_segment_is_corrected_on_the_tickets_page(client: Client) -> None:
    product = make_product()
    row = make_ticket(product, text="I am on version 1.1", segment={"surface": "cli"})
    signed(client, Role.SUPPORT, product)
    assert "by the words “1.1”" in client.get(reverse("ticket", args=[row.pk])).content.decode()
    client.post(reverse("ticket-segment", args=[row.pk]), {"surface": "web", "version": "1.1"})
    row.refresh_from_db()
    assert row.stated_segment is not None
    assert row.stated_segment.values == {"surface": "web", "version": "1.1"}
    assert "by a person" in client.get(reverse("ticket", args=[row.pk])).content.decode()


def test_delays_are_told_per_channel(client: Client) -> None:
    product = make_product()
    for hour in range(24):
        onset = at(10) + dt.timedelta(hours=hour)
        make_ticket(product, "slow", channel="mail", onset_at=onset, reported_at=onset + dt.timedelta(hours=6))
    signed(client, Role.SUPPORT, product)
    page = shown(client, "triage-delays", product)
    assert "mail" in page
    assert "6 h [6 to 6]" in page


def test_texts_are_kept_as_long_as_an_administrator_says(client: Client) -> None:
    product = make_product()
    old = make_ticket(product, text=WORDS, reported_at=timezone.now() - dt.timedelta(days=40))
    fresh = make_ticket(product, text=WORDS, reported_at=timezone.now() - dt.timedelta(days=10))
    readings.read_tickets(product=product, releases={}, progress=quiet)
    signed(client, Role.SUPPORT, product)
    assert "1 ticket of 2 with words" in shown(client, "triage-texts", product, days="30")
    address = reverse("triage-texts-set", args=[product.slug])
    assert client.post(address, {"days": "30", "sure": "yes"}).status_code == 403
    signed(client, Role.ADMINISTRATOR, product)
    client.post(address, {"days": "30"})
    assert reporters.retention_of(product) is None
    client.post(address, {"days": "30", "sure": "yes"})
    assert "kept for 30 days" in shown(client, "triage-texts", product)
    today = timezone.now().date()
    job = reporters.ask_for_retention(product=product, on=today)
    assert job == reporters.ask_for_retention(product=product, on=today)
    assert reporters.apply_retention(product=product, now=timezone.now()) == 1
    old.refresh_from_db()
    fresh.refresh_from_db()
    assert (old.text, fresh.text) == ("", WORDS)
    client.post(address, {"action": "keep"})
    assert reporters.ask_for_retention(product=product, on=today) is None
    assert AuditEntry.objects.filter(action="text retention changed").count() == 2


def test_publicity_is_suggested_recorded_and_taken_back(client: Client) -> None:
    product = make_product()
    incident = make_incident(product)
    for day in range(45):
        at_noon = at(1, month=2) + dt.timedelta(days=day)
        for surface, n in (("cli", 6), ("web", 4)):
            for _ in range(n * (4 if day in {40, 41} else 1) + day % 2):
                make_ticket(product, "slow", reported_at=at_noon, segment={"surface": surface})
    signed(client, Role.ENGINEER, product)
    address = reverse("case-publicity", args=[incident.pk])
    page = client.get(address).content.decode()
    assert "13 Mar 2026" in page
    client.post(address, {"on": "2026-03-13", "title": "A post went round"})
    event = PublicityEvent.objects.get()
    assert (event.title, event.day_only) == ("A post went round", True)
    assert "Days on which everything rose at once" not in client.get(address).content.decode()
    client.post(address, {"on": "soon", "title": "?"})
    client.post(address, {"remove": str(event.pk)})
    client.post(address, {"do": "dismiss", "on": "2026-03-13", "reason": " "})
    assert "Dismissed suggestions" not in client.get(address).content.decode()
    client.post(address, {"do": "dismiss", "on": "2026-03-13", "reason": "A backlog was entered"})
    page = client.get(address).content.decode()
    assert "A backlog was entered" in page
    assert "13 Mar 2026: " not in page
    assert AuditEntry.objects.filter(action="publicity suggestion dismissed").count() == 1
    row = DismissedRise.objects.get()
    client.post(address, {"again": str(row.pk)})
    assert "Days on which everything rose at once" in client.get(address).content.decode()
    client.post(address, {"on": "2026-03-13", "title": "A post went round"})
    event = PublicityEvent.objects.get()
    client.post(address, {"remove": str(event.pk)})
    assert not PublicityEvent.objects.exists()
    signed(client, Role.COMMS, product)
    for fields in ({"on": "2026-03-13", "title": "A post"}, {"do": "dismiss", "on": "2026-03-13", "reason": "x"}):
        assert client.post(address, fields).status_code == 403


def test_exports_are_masked_unless_somebody_who_may_asks(client: Client) -> None:
    product = make_product()
    incident = make_incident(product)
    make_ticket(product, text=WORDS, reported_at=at(10), extra={"note": "call bob@example.org"})
    signed(client, Role.ENGINEER, product)
    address = reverse("case-export", args=[incident.pk])
    masked = b"".join(client.get(address))  # type: ignore[arg-type]
    assert b"example.org" not in unzipped(masked)
    assert client.get(address, {"private": "as-written"}).status_code == 403
    signed(client, Role.SUPPORT, product)
    raw = unzipped(b"".join(client.get(address, {"private": "as-written"})))  # type: ignore[arg-type]
    assert b"ann@example.org" in raw
    assert b"bob@example.org" in raw
    told = AuditEntry.objects.filter(action="case exported").values_list("detail", flat=True).order_by("pk")
    assert [one["private parts"] for one in told] == ["masked", "as written"]


def unzipped(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return b"".join(files.read(name) for name in files.namelist() if name.endswith("tickets.jsonl"))
