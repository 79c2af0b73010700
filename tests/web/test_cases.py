"""Pages around a case."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.response.models import Incident
from tests.factories import at, make_change, make_incident, make_product, make_statement, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_home_sends_people_to_their_cases_and_readers_to_what_is_published(client: Client) -> None:
    assert client.get("/")["Location"] == reverse("public-home")
    client.force_login(make_user(Role.SUPPORT))
    assert client.get("/")["Location"] == reverse("cases")


@pytest.mark.parametrize("name", ["cases", "case-new", "changes", "tickets", "metrics"])
def test_pages_ask_for_a_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert reverse("sign-in") in response["Location"]


def test_the_first_visit_says_what_to_do(client: Client) -> None:
    client.force_login(make_user(is_superuser=True, is_staff=True))
    page = client.get(reverse("cases")).content.decode()
    assert "Start with a case" in page
    assert reverse("import") in page


def test_somebody_without_a_role_is_told_whom_to_ask(client: Client) -> None:
    make_incident()
    client.force_login(make_user())
    assert "Ask an administrator" in client.get(reverse("cases")).content.decode()


def test_the_list_costs_as_many_statements_for_three_cases_as_for_one(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    product = make_product()
    client.force_login(make_user(Role.ENGINEER, product=product))
    counts = []
    for _ in (1, 2):
        for _ in range(len(counts) + 1):
            incident = make_incident(product)
            make_ticket(product)
        with django_assert_max_num_queries(14) as seen:
            page = client.get(reverse("cases")).content.decode()
        counts.append(len(seen))
        assert incident.title in page
    assert counts[0] == counts[1]


def test_filters_of_the_list(client: Client) -> None:
    incident = make_incident(status="resolved", title="Forgets after lunch")
    client.force_login(make_user(Role.SUPPORT, product=incident.product))
    assert "Forgets after lunch" in client.get(reverse("cases"), {"status": "resolved"}).content.decode()
    page = client.get(reverse("cases"), {"status": "investigating"}).content.decode()
    assert "Forgets after lunch" not in page
    assert "No case matches" in page


def test_a_case_of_another_product_does_not_exist(client: Client) -> None:
    incident = make_incident()
    client.force_login(make_user(Role.ADMINISTRATOR, product=make_product()))
    for name in ("case-timeline", "case-tickets", "case-settings"):
        assert client.get(reverse(name, args=[incident.pk])).status_code == 404


def test_opening_a_case(client: Client) -> None:
    product = make_product(name="Reader")
    client.force_login(make_user(Role.ENGINEER, product=product))
    form = {
        "product": product.slug,
        "title": "Answers got shallower",
        "starts_on": "2026-03-01",
        "ends_on": "2026-02-01",
        "severity": "major",
    }
    refused = client.post(reverse("case-new"), form)
    assert refused.status_code == 422
    assert "lies before the first" in refused.content.decode()
    assert client.post(reverse("case-new"), {**form, "ends_on": "2026-03-31"}).status_code == 302
    incident = Incident.objects.get()
    assert (incident.starts_at, incident.ends_at) == (at(1, 0), at(1, 0, month=4))
    again = client.post(reverse("case-new"), {**form, "ends_on": "2026-03-31"})
    assert again.status_code == 422
    assert "choose another title" in again.content.decode()


def test_support_cannot_open_a_case(client: Client) -> None:
    product = make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert "no product yet in which you may open" in client.get(reverse("case-new")).content.decode()
    client.post(
        reverse("case-new"),
        {
            "product": product.slug,
            "title": "x",
            "starts_on": "2026-03-01",
            "ends_on": "2026-03-02",
            "severity": "minor",
        },
    )
    assert not Incident.objects.exists()


def test_the_timeline_shows_and_takes_entries(client: Client) -> None:
    incident = make_incident(timezone="Europe/Berlin")
    make_change(incident.product, title="Shorter prompts")
    make_statement(incident, "We see nothing unusual.")
    client.force_login(make_user(Role.ENGINEER, product=incident.product))
    address = reverse("case-timeline", args=[incident.pk])
    page = client.get(address).content.decode()
    assert "Shorter prompts" in page
    assert "We see nothing unusual." in page
    assert "Shorter prompts" not in client.get(address, {"kind": "statements"}).content.decode()
    assert client.post(address, {"at": "2026-03-20T10:00", "text": "Read <b>logs</b>"}).status_code == 302
    entry = incident.timeline.get()
    assert entry.at == at(20, 9)
    assert "Read &lt;b&gt;logs&lt;/b&gt;" in client.get(address).content.decode()


def test_a_time_that_the_clocks_skip_is_refused(client: Client) -> None:
    incident = make_incident(timezone="Europe/Berlin")
    client.force_login(make_user(Role.ENGINEER, product=incident.product))
    response = client.post(
        reverse("case-timeline", args=[incident.pk]), {"at": "2026-03-29T02:30", "text": "Looked at the logs"}
    )
    assert response.status_code == 422
    assert "The clocks change" in response.content.decode()


def test_settings_are_for_those_who_may_edit(client: Client) -> None:
    incident = make_incident()
    address = reverse("case-settings", args=[incident.pk])
    client.force_login(make_user(Role.COMMS, product=incident.product))
    assert client.get(address).status_code == 403
    assert client.post(address, {"title": "x", "status": "resolved", "severity": "minor"}).status_code == 403
    engineer, colleague = make_user(Role.ENGINEER, product=incident.product), make_user(username="night-shift")
    client.force_login(engineer)
    assert client.get(address).status_code == 200
    client.post(address, {"title": "Renamed", "status": "mitigated", "severity": "minor", "restricted": "on"})
    incident.refresh_from_db()
    assert (incident.title, incident.status, incident.restricted) == ("Renamed", "mitigated", True)
    duty = reverse("case-duty", args=[incident.pk])
    client.post(duty, {"user": colleague.pk, "duty": "comms"})
    assert incident.duties.filter(user=colleague).exists()
    assert "night-shift" in client.get(address).content.decode()
    client.post(duty, {"end": incident.duties.get(user=colleague).pk})
    assert not incident.duties.filter(user=colleague).exists()


def test_deploy_freezes_are_recorded_in_the_settings(client: Client) -> None:
    incident = make_incident()
    settings, address = (reverse(name, args=[incident.pk]) for name in ("case-settings", "case-freeze"))
    client.force_login(make_user(Role.ENGINEER, product=incident.product))
    client.post(address, {"first": "2026-03-04", "last": "2026-03-06", "title": "Quarter's <end>"})
    page = client.get(settings).content.decode()
    assert "Quarter&#x27;s &lt;end&gt;" in page
    again = client.post(address, {"first": "2026-03-04", "last": "2026-03-06", "title": "Quarter's <end>"}, follow=True)
    assert "recorded already" in again.content.decode()
    assert "Give the first and the last day" in client.post(address, {"first": "soon"}, follow=True).content.decode()
    client.post(address, {"remove": "1", "from": "2026-03-04", "to": "2026-03-06"})
    assert "None is recorded." in client.get(settings).content.decode()
    client.force_login(make_user(Role.COMMS, product=incident.product))
    assert client.post(address, {"first": "2026-03-04", "last": "2026-03-06"}).status_code == 403
