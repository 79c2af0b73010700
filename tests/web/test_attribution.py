"""The attribution pages: what they say in each state, who may do what, and how many statements they take."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import incidents.tasks  # noqa: F401 - registers the handlers, as a worker does
from incidents.attribution import services
from incidents.core.access import Role
from incidents.jobs import runner
from incidents.jobs.models import Job
from incidents.jobs.services import request_cancel
from incidents.response.models import CandidateChange
from tests.attribution.cases import Case, at, make_case
from tests.factories import make_change, make_incident, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    """Give a case in which one change raised complaints."""
    return make_case()


def signed_in(person: User) -> Client:
    """Return a client of that person."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def engineer(case: Case) -> Client:
    """Give a signed-in engineer of the case's product."""
    return signed_in(make_user(Role.ENGINEER, product=case.product))


def page(client: Client, name: str, *args: int, **query: Any) -> str:
    """Return a page's text."""
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_before_the_first_run_the_page_says_what_to_do(case: Case, engineer: Client) -> None:
    text = page(engineer, "attribution", case.incident.pk)
    assert "No attribution yet" in text
    assert "Run attribution" in text
    supporter = signed_in(make_user(Role.SUPPORT, product=case.product))
    text = page(supporter, "attribution", case.incident.pk)
    assert "Run attribution" not in text
    assert "An engineer or somebody of comms can run it." in text


def test_asking_for_a_run_makes_one_job_that_stores_one_run(case: Case, engineer: Client) -> None:
    where = reverse("attribution-run", args=[case.incident.pk])
    for _ in range(2):
        assert engineer.post(where).status_code == 302
    job = Job.objects.get()
    assert "Cancel" in page(engineer, "attribution", case.incident.pk)
    assert runner.run(job.pk, background=False)
    run = case.incident.runs.get()
    job.refresh_from_db()
    assert job.result == {"run": run.pk}
    assert run.created_by_id == job.created_by_id
    engineer.post(where)
    assert Job.objects.count() == 1
    text = page(engineer, "attribution", case.incident.pk)
    assert "Shorter answers by default" in text
    assert "Attributed" in text
    assert "Nothing moved since the last run" in text


def test_a_cancelled_job_stores_nothing(case: Case, engineer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    engineer.post(reverse("attribution-run", args=[case.incident.pk]))
    job = Job.objects.get()

    def cancel_then_count(*_: Any, **__: Any) -> None:
        request_cancel(job_id=job.pk)

    monkeypatch.setattr("incidents.attribution.services.known_run", cancel_then_count)
    runner.run(job.pk, background=False)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not case.incident.runs.exists()
    assert "Cancelled before its end. Nothing was stored." in page(engineer, "attribution", case.incident.pk)


def test_a_case_without_complaints_fails_with_the_remedy() -> None:
    incident = make_incident(make_product())
    client = signed_in(make_user(Role.ENGINEER, product=incident.product))
    client.post(reverse("attribution-run", args=[incident.pk]))
    runner.run(Job.objects.get().pk, background=False)
    text = page(client, "attribution", incident.pk)
    assert "import tickets" in text
    assert "Try again" in text
    assert "Run attribution" in text


def test_a_waiting_job_is_cancelled_by_those_who_may(case: Case, engineer: Client) -> None:
    engineer.post(reverse("attribution-run", args=[case.incident.pk]))
    job = Job.objects.get()
    where = reverse("job-cancel", args=[job.pk])
    supporter = signed_in(make_user(Role.SUPPORT, product=case.product))
    stranger = signed_in(make_user(Role.ENGINEER, product=make_product()))
    assert supporter.get(reverse("job", args=[job.pk])).status_code == 200
    assert supporter.post(where).status_code == 403
    assert stranger.get(reverse("job", args=[job.pk])).status_code == 404
    assert stranger.post(where).status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"
    comms = signed_in(make_user(Role.COMMS, product=case.product))
    assert comms.post(where, headers={"HX-Request": "true"}).status_code == 204
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert comms.post(reverse("job-again", args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"


def test_the_poll_sends_the_reader_on_and_nowhere_else(case: Case, engineer: Client) -> None:
    engineer.post(reverse("attribution-run", args=[case.incident.pk]))
    job = Job.objects.get()
    polled = {"HX-Request": "true"}
    answer = engineer.get(reverse("job", args=[job.pk]), {"then": "/cases/", "label": "Attribution"}, headers=polled)
    assert "HX-Redirect" not in answer
    assert "hx-trigger" in answer.content.decode()
    runner.run(job.pk, background=False)
    answer = engineer.get(reverse("job", args=[job.pk]), {"then": "/cases/"}, headers=polled)
    assert answer["HX-Redirect"] == "/cases/"
    away = engineer.get(reverse("job", args=[job.pk]), {"then": "https://elsewhere.example/"}, headers=polled)
    assert "HX-Redirect" not in away


@pytest.mark.parametrize(("role", "status"), [(Role.SUPPORT, 403), (Role.COMMS, 302), (Role.ENGINEER, 302)])
def test_who_may_run(case: Case, role: Role, status: int) -> None:
    client = signed_in(make_user(role, product=case.product))
    assert client.post(reverse("attribution-run", args=[case.incident.pk])).status_code == status


def test_strangers_and_the_public_see_nothing(case: Case) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    run = case.incident.runs.get()
    stranger = signed_in(make_user(Role.ENGINEER, product=make_product()))
    addresses = [
        reverse("attribution", args=[case.incident.pk]),
        reverse("attribution-change", args=[case.incident.pk, case.harmful.pk]),
        reverse("attribution-what-if", args=[case.incident.pk]),
        reverse("runs", args=[case.incident.pk]),
        reverse("run", args=[case.incident.pk, run.pk]),
    ]
    for address in addresses:
        assert stranger.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert stranger.get(reverse("accuracy")).status_code == 200
    assert Client().get(reverse("accuracy")).status_code == 302


def test_a_back_dated_change_is_named_on_the_page(case: Case, engineer: Client) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    assert "Out of date" not in page(engineer, "attribution", case.incident.pk)
    make_change(case.product, title="Found weeks later", started_at=at(12 * 24))
    text = page(engineer, "attribution", case.incident.pk)
    assert "Out of date" in text
    assert "Found weeks later" in text
    assert "Entered late: took effect 14 Mar 2026, 00:00 UTC" in text


def test_a_change_with_its_checks_tickets_and_decision(case: Case, engineer: Client) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    text = page(engineer, "attribution-change", case.incident.pk, case.harmful.pk)
    assert "The run attributes" in text
    assert "Complaints most likely caused by it" in text
    assert "Nobody has decided on this change." in text
    where = reverse("attribution-decide", args=[case.incident.pk, case.harmful.pk])
    engineer.post(where, {"status": "contributing", "note": ""})
    assert not CandidateChange.objects.exists()
    engineer.post(where, {"status": "contributing", "note": "It fell with the revert."})
    row = CandidateChange.objects.get()
    assert (row.status, row.note) == ("contributing", "It fell with the revert.")
    for name in ("attribution", "attribution-change"):
        arguments = (case.incident.pk,) if name == "attribution" else (case.incident.pk, case.harmful.pk)
        assert "Contributing factor" in page(engineer, name, *arguments)


@pytest.mark.parametrize(("role", "status"), [(Role.SUPPORT, 403), (Role.COMMS, 403), (Role.ENGINEER, 302)])
def test_who_may_decide(case: Case, role: Role, status: int) -> None:
    client = signed_in(make_user(role, product=case.product))
    where = reverse("attribution-decide", args=[case.incident.pk, case.harmful.pk])
    assert client.post(where, {"status": "rejected", "note": "No."}).status_code == status
    assert CandidateChange.objects.exists() == (status == 302)


def test_runs_are_listed_recorded_and_compared(case: Case, engineer: Client) -> None:
    first = services.run_attribution(incident=case.incident, actor=None)
    case.harmful.scope = {"surface": ["web"]}
    case.harmful.save()
    second = services.run_attribution(incident=case.incident, actor=None)
    text = page(engineer, "runs", case.incident.pk)
    assert "Up to date" in text
    record = page(engineer, "run", case.incident.pk, first.pk)
    assert first.input_hash in record
    assert first.code_version in record
    text = page(engineer, "runs-compare", case.incident.pk, before=second.pk, after=first.pk)
    assert "scope: surface: cli → surface: web" in text
    assert "the verdict moved" in text
    other = make_case(per_day=3)
    services.run_attribution(incident=other.incident, actor=None)
    assert engineer.get(reverse("run", args=[case.incident.pk, other.incident.runs.get().pk])).status_code == 404


def test_a_what_if_shows_the_difference_and_stores_no_run(case: Case, engineer: Client) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    where = reverse("attribution-what-if", args=[case.incident.pk])
    refused = engineer.post(where, {"change": case.harmful.pk, "what": "edges"})
    assert refused.status_code == 422
    answer = engineer.post(where, {"change": case.harmful.pk, "what": "leave_out"})
    job = Job.objects.get()
    assert answer["Location"] == reverse("what-if-result", args=[case.incident.pk, job.pk])
    assert "Cancel" in page(engineer, "what-if-result", case.incident.pk, job.pk)
    runner.run(job.pk, background=False)
    text = page(engineer, "what-if-result", case.incident.pk, job.pk)
    assert "What if “Shorter answers by default” were not in the log?" in text
    assert "Not in this run" in text
    assert case.incident.runs.count() == 1
    case.harmful.refresh_from_db()
    assert case.harmful.scope == {"surface": ["cli"]}


def test_a_what_if_moves_the_edges(case: Case, engineer: Client) -> None:
    where = reverse("attribution-what-if", args=[case.incident.pk])
    moved = {"what": "edges", "started_at": "2026-03-03T00:00", "ended_at": "2026-03-04T00:00"}
    engineer.post(where, {"change": case.harmful.pk, **moved})
    runner.run(Job.objects.get().pk, background=False)
    text = page(engineer, "what-if-result", case.incident.pk, Job.objects.get().pk)
    assert "had started 3 Mar 2026, 00:00 UTC and ended 4 Mar 2026, 00:00 UTC?" in text
    assert "the verdict moved" in text


@pytest.mark.parametrize(("name", "most"), [("attribution", 32), ("attribution-change", 42), ("runs", 26), ("run", 34)])
def test_statements_do_not_grow_with_the_case(case: Case, engineer: Client, name: str, most: int) -> None:
    def arguments() -> list[int]:
        more = {"attribution-change": case.harmful.pk, "run": case.incident.runs.latest("pk").pk}
        return [case.incident.pk, more[name]] if name in more else [case.incident.pk]

    services.run_attribution(incident=case.incident, actor=None)
    page(engineer, name, *arguments())
    with CaptureQueriesContext(connection) as few:
        page(engineer, name, *arguments())
    for number in range(3):
        change = make_change(case.product, started_at=at(24 * number + 5))
        CandidateChange.objects.create(incident=case.incident, change=change, note="Perhaps.")
        services.run_attribution(incident=case.incident, actor=None)
    with CaptureQueriesContext(connection) as many:
        page(engineer, name, *arguments())
    # One more at most: the run that speaks is looked for among several.
    assert len(many) <= len(few) + 1
    assert len(many) <= most


def test_a_large_case_is_shown_before_it_is_checked(
    case: Case, engineer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    make_change(case.product, title="Found weeks later", started_at=at(12 * 24))
    monkeypatch.setattr("incidents.attribution.queries.LARGE", 10)
    text = page(engineer, "attribution", case.incident.pk)
    assert "Out of date" not in text
    assert reverse("attribution-standing", args=[case.incident.pk]) in text
    part = page(engineer, "attribution-standing", case.incident.pk)
    assert "Out of date" in part
    assert "<html" not in part


def test_other_assumptions_are_fitted_side_by_side(case: Case, engineer: Client) -> None:
    where = reverse("sensitivity", args=[case.incident.pk])
    assert "Fit under other assumptions" in page(engineer, "sensitivity", case.incident.pk)
    supporter = signed_in(make_user(Role.SUPPORT, product=case.product))
    assert supporter.post(where).status_code == 403
    assert engineer.post(where).status_code == 302
    assert engineer.post(where).status_code == 302
    runner.run(Job.objects.get().pk, background=False)
    text = page(engineer, "sensitivity", case.incident.pk)
    for name in ("As it is", "Complaints come after days", "Without counts of use", "Without the last weeks"):
        assert name in text
    assert "Shorter answers by default" in text
    assert not case.incident.runs.exists()
    case.incident.refresh_from_db()
    assert case.incident.starts_at == at(0)
