"""Texts do not stay for ever; counts do."""

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from incidents.core.models import AuditEntry
from incidents.jobs.models import Job
from incidents.tickets.models import TextRetention, Ticket
from incidents.tickets.reporters import forget_old_texts
from incidents.tickets.tasks import daily_triage
from tests.factories import at, make_product, make_ticket

pytestmark = pytest.mark.django_db


def test_old_words_go_and_counts_stay() -> None:
    product = make_product()
    old = make_ticket(product, "slow", reporter="r", url="https://example.org/1", reported_at=at(3), weight=2.0)
    kept = make_ticket(product, reported_at=at(9), reporter="r")
    elsewhere = make_ticket(make_product(), reported_at=at(3))
    assert forget_old_texts(product=product, before=at(9)) == 1
    row = Ticket.objects.get(pk=old.pk)
    assert (row.text, row.reporter, row.url, row.weight, row.labels.count()) == ("", "", "", 2.0, 1)
    assert row.erased_at is not None
    assert Ticket.objects.filter(pk__in=[kept.pk, elsewhere.pk]).exclude(text="").count() == 2
    assert AuditEntry.objects.get(action="old texts erased").detail["tickets"] == 1
    assert forget_old_texts(product=product, before=at(9)) == 0


def test_the_command() -> None:
    product = make_product()
    make_ticket(product, reported_at=timezone.now() - dt.timedelta(days=40))
    fresh = make_ticket(product, reported_at=timezone.now() - dt.timedelta(days=20))
    out = io.StringIO()
    call_command("forget_texts", older_than=30, product=product.slug, stdout=out)
    assert "the words of 1 tickets were erased" in out.getvalue()
    assert list(Ticket.objects.exclude(text="")) == [fresh]
    with pytest.raises(CommandError, match="at least 1 day"):
        call_command("forget_texts", older_than=0)
    with pytest.raises(CommandError, match="no product"):
        call_command("forget_texts", older_than=5, product="nowhere")


def test_what_is_due_each_day_is_asked_for_once() -> None:
    product = make_product()
    TextRetention.objects.create(product=product, days=30)
    daily_triage()
    daily_triage()
    kinds = sorted(Job.objects.values_list("kind", flat=True))
    assert kinds == ["tickets.duplicates", "tickets.forget", "tickets.read", "tickets.topics"]
