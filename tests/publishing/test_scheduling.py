"""Going out at a set time: once, by the same rules as the button, and called off by any later save."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from incidents.core.errors import InputError, NotPermitted, NotReady
from incidents.documents.models import Document
from incidents.documents.services import save_document
from incidents.jobs import runner
from incidents.jobs.handlers import handler_of
from incidents.jobs.models import Job
from incidents.publishing import tasks
from incidents.publishing.models import Publication, PublicationSchedule
from incidents.publishing.scheduling import (
    DUE_JOB,
    last_schedule,
    open_schedule,
    publish_due,
    schedule_publication,
    unschedule,
)
from incidents.publishing.services import publish
from tests.documents.stories import Story

SOON = dt.timedelta(hours=1)


def scheduled(story: Story, document: Document | None = None) -> PublicationSchedule:
    document = document or story.approved()
    return schedule_publication(
        actor=story.comms, document=document, seen_version=document.version, publish_at=timezone.now() + SOON
    )


def run_now(schedule: PublicationSchedule) -> Job:
    """Let the time come, and a worker take the job."""
    assert tasks.publish_due is handler_of(DUE_JOB)
    Job.objects.filter(pk=schedule.job_id).update(available_at=timezone.now() - SOON)
    runner.run(schedule.job_id, background=False)
    return Job.objects.get(pk=schedule.job_id)


def test_it_waits_for_its_time_and_then_goes_out_once(story: Story) -> None:
    schedule = scheduled(story)
    runner.run(schedule.job_id, background=False)
    assert Publication.objects.count() == 0
    assert (job := run_now(schedule)).state == "succeeded", job.error
    publication = Publication.objects.get()
    assert publication.published_by == story.comms
    assert publication.document.state == "published"
    # A second worker with the same job, and the handler called again, change nothing.
    runner.run(schedule.job_id, background=False)
    assert publish_due(schedule_id=schedule.pk) is None
    assert Publication.objects.count() == 1
    schedule.refresh_from_db()
    assert schedule.publication == publication


def test_a_save_calls_it_off_and_says_so(story: Story) -> None:
    schedule = scheduled(story)
    document = schedule.document
    save_document(actor=story.engineer, document=document, title="T", body="Other.\n", seen_version=document.version)
    document.refresh_from_db()
    assert open_schedule(document) is None
    job = run_now(schedule)
    assert (job.state, job.result) == ("succeeded", {"publication": None})
    assert Publication.objects.count() == 0
    schedule.refresh_from_db()
    assert "edited after it was scheduled" in schedule.problem
    assert last_schedule(document) == schedule
    assert Document.objects.get(pk=document.pk).state == "draft"


def test_whoever_lost_the_right_meanwhile_publishes_nothing(story: Story) -> None:
    schedule = scheduled(story)
    story.comms.memberships.all().delete()
    run_now(schedule)
    assert Publication.objects.count() == 0
    document = Document.objects.get(pk=schedule.document_id)
    assert document.state == "approved"


def test_called_off_by_hand_the_approval_stands(story: Story) -> None:
    schedule = scheduled(story)
    document = Document.objects.get(pk=schedule.document_id)
    with pytest.raises(NotPermitted):
        unschedule(actor=story.engineer, document=document)
    unschedule(actor=story.comms, document=document)
    document.refresh_from_db()
    assert document.state == "approved"
    assert Job.objects.get(pk=schedule.job_id).state == "cancelled"
    with pytest.raises(NotReady):
        unschedule(actor=story.comms, document=document)


def test_moved_to_another_time_the_first_one_does_nothing(story: Story) -> None:
    first = scheduled(story)
    second = scheduled(story, Document.objects.get(pk=first.document_id))
    assert Job.objects.get(pk=first.job_id).state == "cancelled"
    assert PublicationSchedule.objects.filter(closed_at=None).get() == second


def test_published_by_hand_before_its_time(story: Story) -> None:
    schedule = scheduled(story)
    document = Document.objects.get(pk=schedule.document_id)
    publish(actor=story.comms, document=document, seen_version=document.version)
    run_now(schedule)
    assert Publication.objects.count() == 1
    schedule.refresh_from_db()
    assert schedule.problem == ""


@pytest.mark.parametrize("ahead", [dt.timedelta(minutes=-1), dt.timedelta(days=400)])
def test_a_time_that_cannot_be_meant_is_refused(story: Story, ahead: dt.timedelta) -> None:
    document = story.approved()
    with pytest.raises(InputError, match="past or more than a year"):
        schedule_publication(
            actor=story.comms, document=document, seen_version=document.version, publish_at=timezone.now() + ahead
        )


def test_only_what_is_approved_is_scheduled(story: Story) -> None:
    document = story.sound()
    with pytest.raises(NotReady, match="only an approved revision"):
        scheduled(story, document)


def test_a_correction_says_what_it_corrects(story: Story) -> None:
    document = story.approved()
    publish(actor=story.comms, document=document, seen_version=document.version)
    document = save_document(
        actor=story.comms, document=document, title="T", body="Other.\n", seen_version=document.version
    )
    document = story.approved(document)
    with pytest.raises(InputError, match="not told what changed"):
        scheduled(story, document)
    schedule = schedule_publication(
        actor=story.comms, document=document, seen_version=document.version, publish_at=timezone.now() + SOON,
        correction="The dates.",
    )  # fmt: skip
    run_now(schedule)
    assert Publication.objects.get(is_current=True).correction == "The dates."
    assert Document.objects.get(pk=document.pk).state == "corrected"


@pytest.mark.slow
def test_a_restarted_worker_publishes_what_came_due_meanwhile(
    start_worker: Callable[..., object], transactional_db: None
) -> None:
    schedule = scheduled(Story())
    Job.objects.filter(pk=schedule.job_id).update(available_at=timezone.now() - SOON)
    start_worker(beat=True)
    from tests.publishing.conftest import wait_until

    wait_until(Publication.objects.exists)
    assert Publication.objects.count() == 1
