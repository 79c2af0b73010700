"""Versions that went out against the changelog; reminders, once per item and interval, to whoever asked."""

import datetime as dt

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.core.errors import InputError
from incidents.documents.services import draft_notice, save_document
from incidents.jobs import runner
from incidents.jobs.handlers import handler_of
from incidents.jobs.models import Job
from incidents.publishing import tasks
from incidents.publishing.models import ReminderSent
from incidents.publishing.radar import LEAST_TICKETS, shipped_versions, unannounced_versions
from incidents.publishing.reminders import REMIND_JOB, enqueue_due, items_for, remind, set_wish
from incidents.publishing.services import publish, withdraw
from tests.documents.stories import Story
from tests.factories import at, make_change, make_exposure, make_statement, make_ticket


def versions(story: Story) -> dict[str, tuple[bool, str]]:
    return {one.version: (one.told_at is None, one.told_by) for one in shipped_versions(story.product)}


def test_what_went_out_is_seen_in_the_log_in_use_and_in_tickets(story: Story) -> None:
    make_change(story.product, external_id="r", title="v3.46.0", kind="client_release", started_at=at(3))
    make_change(
        story.product, external_id="f", title="Fix", fixed_in_version="3.47.0", started_at=at(3), ended_at=at(9)
    )
    make_change(
        story.product, external_id="i", title="9.9.9", kind="client_release", visibility="internal", started_at=at(3)
    )
    make_exposure(story.product, 40, at(5), version="3.45.0")
    for _ in range(LEAST_TICKETS):
        make_ticket(story.product, "slow", segment={"version": "3.44.1"})
    make_ticket(story.product, "slow", segment={"version": "3.1.1"})
    make_ticket(story.product, "slow", segment={"version": "nightly"})
    found = shipped_versions(story.product)
    assert [one.version for one in found] == ["3.47.0", "3.46.0", "3.45.0", "3.44.1"]
    assert [one.first_at for one in found][:3] == [at(9), at(3), at(5)]
    assert unannounced_versions(story.product) == found


def test_an_entry_that_was_taken_out_again_is_told(story: Story) -> None:
    for version, day in (("3.1.0", "2026-03-09"), ("3.2.0", "soon"), ("3.3.0", "")):
        make_change(
            story.product, external_id=version, title=version, kind="client_release", started_at=at(3),
            announced_at=at(3), extra={"entry_removed_on": day},
        )  # fmt: skip
    notice = draft_notice(actor=story.comms, incident=story.incident, change=story.change)
    make_exposure(story.product, 40, at(5), version="3.0.9")
    for body, is_withdrawn in (("3.0.9 is slow.", True), ("3.0.9 and 3.3.0 are slow.", False)):
        notice.refresh_from_db()
        notice = save_document(actor=story.comms, document=notice, title="Slow", body=body, seen_version=notice.version)
        notice = story.approved(notice)
        publish(
            actor=story.comms, document=notice, seen_version=notice.version, correction="" if is_withdrawn else "Again."
        )
        found = {one.version: one for one in shipped_versions(story.product)}
        assert not found["3.0.9"].is_silent
        if is_withdrawn:
            withdraw(actor=story.comms, document=notice, reason="Too early.")
            gone = {one.version: one for one in unannounced_versions(story.product)}
            assert gone.keys() == {"3.1.0", "3.0.9"}
            assert gone["3.1.0"].removed_on == dt.date(2026, 3, 9)
            assert gone["3.0.9"].removed_on == timezone.now().date()
            assert gone["3.0.9"].told_by == "notice"
            notice.refresh_from_db()
    assert {one.version for one in unannounced_versions(story.product)} == {"3.1.0"}


def test_the_page_and_the_mail_say_that_an_entry_is_gone(client: Client, story: Story) -> None:
    make_change(
        story.product, external_id="r", title="3.1.0", kind="client_release", started_at=timezone.now(),
        announced_at=timezone.now(), extra={"entry_removed_on": "2026-03-09"},
    )  # fmt: skip
    client.force_login(story.comms)
    text = client.get(reverse("radar"), {"product": "larch"}).content.decode()
    assert "Taken out again" in text
    assert "9 Mar 2026" in text
    story.comms.email = "cora@example.org"
    story.comms.save()
    wish = set_wish(actor=story.comms, product=story.product, every_days=1)
    assert wish is not None
    texts = [item.text for item in items_for(wish, timezone.now())]
    assert "Version 3.1.0: its entry was taken out on 09 Mar 2026" in texts


def test_an_entry_is_an_announcement_a_changelog_post_or_a_published_notice(story: Story) -> None:
    for number, version in enumerate(("3.1.0", "3.2.0", "3.3.0", "3.4.0")):
        make_change(
            story.product, external_id=version, title=version, kind="client_release", started_at=at(3 + number),
            announced_at=at(5) if version == "3.1.0" else None,
        )  # fmt: skip
    make_change(
        story.product, external_id="3.5.0", title="3.5.0", kind="client_release", started_at=at(7),
        url="https://example.org/CHANGELOG.md#350",
    )  # fmt: skip
    make_statement(story.incident, "3.2.0: faster", external_id="log", channel="changelog", at=at(6))
    make_statement(story.incident, "3.4.0 is out, 13.3.0 too", external_id="forum", channel="forum post", at=at(6))
    document = story.approved(story.sound("Version 3.3.0 brings it back.\n"))
    publish(actor=story.comms, document=document, seen_version=document.version)
    assert versions(story) == {
        "3.1.0": (False, "announced"),
        "3.2.0": (False, "changelog"),
        "3.3.0": (True, ""),
        "3.4.0": (True, ""),
        "3.5.0": (False, "its page in the changelog"),
    }
    delay = {one.version: one.delay for one in shipped_versions(story.product)}
    assert delay["3.1.0"] == dt.timedelta(days=2)


def test_each_item_is_sent_once_per_interval_and_person(story: Story) -> None:
    with pytest.raises(InputError, match="no address"):
        set_wish(actor=story.comms, product=story.product, every_days=7)
    story.comms.email = "cora@example.org"
    story.comms.save()
    wish = set_wish(actor=story.comms, product=story.product, every_days=7)
    assert wish is not None
    now = timezone.now()
    assert remind(wish_id=wish.pk, now=now) == 1
    [letter] = mail.outbox
    assert letter.to == ["cora@example.org"]
    assert "Lower effort (in effect since" in letter.body
    assert "/publish/?product=larch" in letter.body
    assert remind(wish_id=wish.pk, now=now + dt.timedelta(days=2)) == 0
    make_change(story.product, external_id="n", title="Another", user_facing=True, started_at=at(9))
    assert remind(wish_id=wish.pk, now=now + dt.timedelta(days=3)) == 1
    assert "Lower effort" not in mail.outbox[-1].body
    assert remind(wish_id=wish.pk, now=now + dt.timedelta(days=7)) == 1
    assert "Lower effort" in mail.outbox[-1].body
    set_wish(actor=story.comms, product=story.product, every_days=0)
    assert remind(wish_id=wish.pk, now=now + dt.timedelta(days=90)) == 0


def test_a_mail_that_fails_is_tried_again_and_not_noted(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tasks.remind is handler_of(REMIND_JOB)
    story.comms.email = "cora@example.org"
    story.comms.save()
    set_wish(actor=story.comms, product=story.product, every_days=1)
    assert (enqueue_due(), enqueue_due()) == (1, 1)
    job = Job.objects.get(kind=REMIND_JOB)

    def refuse(self: object, fail_silently: bool = False) -> int:
        raise OSError("no mail server")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        runner.run(job.pk, background=False)
    assert Job.objects.get(pk=job.pk).state == "queued"
    assert ReminderSent.objects.count() == 0
    Job.objects.filter(pk=job.pk).update(available_at=timezone.now())
    runner.run(job.pk, background=False)
    assert Job.objects.get(pk=job.pk).result == {"n_items": 1}
    assert len(mail.outbox) == 1


def test_the_page_lists_versions_and_takes_a_wish(story: Story) -> None:
    make_change(story.product, external_id="r", title="v3.46.0", kind="client_release", started_at=at(3))
    story.support.email = "sol@example.org"
    story.support.save()
    client = Client()
    client.force_login(story.support)
    page = client.get(f"{reverse('radar')}?product=larch").content.decode()
    assert "3.46.0" in page
    assert "No entry" in page
    answer = client.post(reverse("reminders"), {"product": "larch", "every": "7"}, follow=True).content.decode()
    assert "You get a mail every week." in answer
