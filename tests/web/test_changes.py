"""Pages of the change log."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.catalog.services import grant_role
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep
from incidents.core.access import Role
from tests.factories import at, make_change, make_incident, make_product, make_user

pytestmark = pytest.mark.django_db

FORM = {
    "title": "Keep less of the thinking",
    "kind": "cache",
    "visibility": "public",
    "rollout_shape": "step",
    "started_at": "2026-03-26T09:00",
    "end_kind": "",
    "user_facing": "on",
    "scope.surface": ["cli"],
    "rollout": "2026-03-26 09:00  10 %\n2026-03-28 09:00  100",
}


def test_recording_a_change_that_was_found_weeks_later(client: Client) -> None:
    product = make_product(timezone="America/Los_Angeles")
    client.force_login(make_user(Role.ENGINEER, product=product))
    response = client.post(
        reverse("change-new", args=[product.slug]), {**FORM, "discovered_at": "2026-04-10T08:00", "artifact_after": "x"}
    )
    change = Change.objects.get()
    assert response["Location"] == reverse("change", args=[change.pk])
    assert change.started_at == at(26, 16)
    assert change.scope == {"surface": ["cli"]}
    assert [(step.at, step.share) for step in change.rollout_steps.all()] == [(at(26, 16), 0.1), (at(28, 16), 1.0)]
    page = client.get(response["Location"]).content.decode()
    assert "26 Mar 2026, 09:00 PDT" in page
    assert "Not announced" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ended_at": "2026-03-25T09:00", "end_kind": "fix"}, "ends before it took effect"),
        ({"end_kind": "revert"}, "Say when it ended"),
        ({"ended_at": "2026-03-30T09:00"}, "Say how it ended"),
        ({"rollout": "soon 10 %"}, "Line 1"),
        ({"rollout": "2026-03-26 09:00  10 %\n2026-03-28 09:00 120"}, "Line 2"),
        ({"rollout": "2026-03-26 09:00  10 %\n2026-03-26 09:00 20"}, "same time"),
        ({"started_at": ""}, "required"),
        ({"kind": "magic"}, "magic"),
        ({"scope.surface": ["fridge"]}, "fridge"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(client: Client, fields: dict[str, Any], words: str) -> None:
    product = make_product()
    client.force_login(make_user(Role.ENGINEER, product=product))
    response = client.post(reverse("change-new", args=[product.slug]), {**FORM, **fields})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "Keep less of the thinking" in page
    assert not Change.objects.exists()


def test_correcting_keeps_what_is_not_touched_and_the_second_writer_is_told(client: Client) -> None:
    product = make_product()
    client.force_login(make_user(Role.ENGINEER, product=product))
    change = make_change(product, scope={"surface": ["web"]}, carried_by_version="1.1", discovered_at=at(20))
    RolloutStep.objects.create(change=change, at=at(10), share=0.5)
    address = reverse("change-edit", args=[change.pk])
    page = client.get(address)
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", [], False)}
    shown = {
        name: value.strftime("%Y-%m-%dT%H:%M") if hasattr(value, "strftime") else value for name, value in shown.items()
    }
    stale = {**shown, "seen_at": change.updated_at.isoformat()}
    assert client.post(address, {**stale, "title": "Renamed"}).status_code == 302
    change.refresh_from_db()
    assert (change.title, change.scope, change.carried_by_version) == ("Renamed", {"surface": ["web"]}, "1.1")
    assert change.discovered_at == at(20)
    assert change.rollout_steps.get().share == 0.5
    again = client.post(address, {**stale, "title": "Renamed otherwise"})
    assert again.status_code == 422
    assert "someone else" in again.content.decode()
    assert "Renamed otherwise" in again.content.decode()


def test_a_change_page_shows_its_texts_links_and_neighbours(client: Client) -> None:
    incident = make_incident(title="Answers got shallower")
    product = incident.product
    change = make_change(product, title="Shorter prompts", user_facing=True, description="<script>alert(1)</script>")
    other = make_change(product, title="Hidden thinking")
    ChangeLink.objects.create(change=other, other=change, kind="masks")
    ArtifactVersion.objects.create(change=change, name="system prompt", before="Be thorough.", after="Be brief.")
    client.force_login(make_user(Role.SUPPORT, product=product))
    page = client.get(reverse("change", args=[change.pk])).content.decode()
    assert "is masked by" in page
    assert "Hidden thinking" in page
    assert "system prompt" in page
    assert "Answers got shallower" in page
    assert "<script>alert(1)</script>" not in page
    assert reverse("change-edit", args=[change.pk]) not in page  # support may not


def test_the_list_filters_and_costs_the_same_for_three_as_for_one(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    product = make_product()
    client.force_login(make_user(Role.ENGINEER, product=product))
    counts = []
    for _ in (1, 2):
        for _ in range(len(counts) + 1):
            make_change(product, scope={"surface": ["cli"]})
        with django_assert_max_num_queries(14) as seen:
            assert client.get(reverse("changes")).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
    make_change(product, kind="client_release", title="2.1.90")
    assert "2.1.90" not in client.get(reverse("changes")).content.decode()
    assert "2.1.90" in client.get(reverse("changes"), {"releases": "1"}).content.decode()
    assert "No change matches" in client.get(reverse("changes"), {"q": "zebra"}).content.decode()


def test_roles(client: Client) -> None:
    product = make_product()
    change = make_change(product)
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert client.post(reverse("change-new", args=[product.slug]), FORM).status_code == 403
    assert client.get(reverse("change-edit", args=[change.pk])).status_code == 403
    client.force_login(make_user(Role.ENGINEER, product=make_product()))
    assert client.get(reverse("change", args=[change.pk])).status_code == 404
    assert client.get(reverse("change-new", args=[product.slug])).status_code == 404


def test_who_owns_a_change_is_recorded_offered_and_corrected(client: Client) -> None:
    product = make_product()
    client.force_login(make_user(Role.ENGINEER, product=product))
    make_change(product, title="Older", extra={"team": "Runtime"})
    make_change(product, title="Broken", extra={"owner": ["not", "a", "name"]})
    new = reverse("change-new", args=[product.slug])
    assert client.get(new).context["owners"] == ["Runtime"]
    client.post(new, {**FORM, "owner": "Caching"})
    change = Change.objects.latest("pk")
    assert change.owner == "Caching"
    assert "Caching" in client.get(reverse("change", args=[change.pk])).content.decode()

    def correct(owner: str) -> None:
        change.refresh_from_db()
        posted = {**FORM, "owner": owner, "seen_at": change.updated_at.isoformat()}
        assert client.post(reverse("change-edit", args=[change.pk]), posted).status_code == 302
        change.refresh_from_db()

    change.extra |= {"ticket": "OPS-1"}
    change.save()
    correct("Runtime")
    assert change.extra == {"ticket": "OPS-1", "owner": "Runtime"}
    correct("")
    assert change.extra == {"ticket": "OPS-1"}


def test_recording_asks_which_product_only_where_there_are_several(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    begin = reverse("change-begin")
    assert client.get(begin).status_code == 403
    first, second = make_product(name="Larch", slug="larch"), make_product(name="Rowan", slug="rowan")
    grant_role(user=person, role=Role.ENGINEER, product=first)
    assert client.get(begin)["Location"] == reverse("change-new", args=["larch"])
    grant_role(user=person, role=Role.ENGINEER, product=second)
    asked = client.get(begin).content.decode()
    assert all(reverse("change-new", args=[slug]) in asked for slug in ("larch", "rowan"))
    assert client.get(begin, {"product": "rowan"})["Location"] == reverse("change-new", args=["rowan"])
    assert begin in client.get(reverse("changes")).content.decode()
