"""The scratch scenario: what it answers, what it refuses, and that nothing is stored before it is saved."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.attribution.models import AttributionRun
from incidents.changes.models import Change
from incidents.jobs.models import Job
from incidents.response.models import Incident
from tests.factories import at, make_change, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(incident: Incident) -> Change:
    """Give a change whose scope complains six times as much while it is in force."""
    product = incident.product
    for day in range(1, 31):
        for i in range(14 if 10 <= day < 20 else 2):
            make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day, i))
        for i in range(2 + day % 3):
            make_ticket(product, "slow", segment={"surface": "web"}, reported_at=at(day, i))
            make_ticket(product, "forgetful", segment={"surface": "cli"}, reported_at=at(day, 12 + i))
    return make_change(
        product,
        title="Shorter",
        scope={"surface": ["cli"]},
        started_at=at(10, 0),
        ended_at=at(20, 0),
        end_kind="revert",
    )


def asked(client: Client, name: str, incident: Incident, change: Change, **query: Any) -> Any:
    return client.get(reverse(name, args=[incident.pk, change.pk]), query)


def test_the_form_says_how_it_was_and_what_is_tried(engineer: Client, incident: Incident, change: Change) -> None:
    page = asked(engineer, "overlay-scratch", incident, change, try_start="2026-03-05T06:00Z", try_lag="12")
    text = page.content.decode()
    assert 'value="2026-03-05T06:00"' in text
    assert 'value="2026-03-20T00:00"' in text
    assert page.context["scenario"].lag_hours == 12
    assert '<input type="checkbox" name="try_scope" value="surface:cli" checked>' in text


def test_the_answer_stands_beside_the_case_as_it_is(engineer: Client, incident: Incident, change: Change) -> None:
    untouched = asked(engineer, "overlay-scratch-answer", incident, change)
    assert "Nothing is moved yet" in untouched.content.decode()
    page = asked(
        engineer, "overlay-scratch-answer", incident, change, try_start="2026-03-02T00:00Z", try_end="2026-03-05T00:00Z"
    )
    (one,) = page.context["moved"]
    assert one.title == "Shorter"
    assert one.before.verdict == "contributing"
    assert one.after.verdict == "not supported"
    assert "Shorter" in page.content.decode()
    left = asked(engineer, "overlay-scratch-answer", incident, change, try_out="1")
    assert left.context["moved"][0].after.excess.value == 0
    assert (Job.objects.count(), AttributionRun.objects.count()) == (0, 0)
    change.refresh_from_db()
    assert change.started_at == at(10, 0)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"try_start": "2026-03-21T00:00Z"}, "The end must lie after the start."),
        ({"try_lag": "-3"}, "The lag is a number of hours"),
        ({"try_start": "soon"}, "is no time"),
    ],
)
def test_what_cannot_be_is_told(
    engineer: Client, incident: Incident, change: Change, query: dict[str, str], words: str
) -> None:
    page = asked(engineer, "overlay-scratch-answer", incident, change, **query)
    assert page.status_code == 200
    assert words in page.content.decode()


def test_saving_asks_for_a_what_if_of_the_case(engineer: Client, incident: Incident, change: Change) -> None:
    address = reverse("overlay-scratch-save", args=[incident.pk, change.pk])
    refused = engineer.post(address)
    assert refused.status_code == 422
    saved = engineer.post(f"{address}?try_scope=surface:web&try_scope=surface:cli")
    job = Job.objects.get()
    assert saved["Location"] == reverse("what-if-result", args=[incident.pk, job.pk])
    assert job.payload["scenario"]["scope"] == {"surface": ["web", "cli"]}


def test_only_who_may_attribute_tries_scenarios(reader: Client, incident: Incident, change: Change) -> None:
    assert asked(reader, "overlay-scratch", incident, change).status_code == 403
    assert asked(reader, "overlay-scratch-answer", incident, change, try_out="1").status_code == 403
    assert "What if" not in asked(reader, "overlay-change", incident, change).content.decode()
