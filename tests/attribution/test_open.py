"""Rises whose cause stays open: stored, read back, shown, and cleared by no draft."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.attribution.casefile import read_case
from incidents.attribution.models import AttributionRun
from incidents.attribution.services import run_attribution
from incidents.attribution.stored import decode, encode
from incidents.core.access import Role
from incidents.documents.reading import facts_of
from incidents.documents.services import draft_postmortem
from incidents.stats.attribution import attribute
from incidents.stats.attribution.findings import Estimate, OpenRise
from tests.attribution.cases import Case, at, make_case
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def left_open(case: Case) -> AttributionRun:
    """Return a run that found a rise which either change fits, and names neither."""
    run = run_attribution(incident=case.incident, actor=None)
    result: dict[str, Any] = run.result
    for one in result["changes"]:
        one |= {"verdict": "not supported", "indistinguishable_from": [], "indistinguishable_changes": []}
    result["open_rises"] = [
        {
            "excess": {"estimate": 160.0, "low": 92.0, "high": 247.0},
            "probability": 0.998,
            "starts_between": [at(9 * 24).isoformat(), at(12 * 24).isoformat()],
            "symptom": "slow",
            "owners": [
                {"change": case.harmful.pk, "probability": 0.55},
                {"change": case.harmless.pk, "probability": 0.4},
            ],
            "unlogged": 0.03,
        }
    ]
    run.pk = None  # stored runs are never rewritten: another one tells another story
    run.save(force_insert=True)
    return run


def test_an_open_rise_survives_the_store() -> None:
    case = read_case(make_case(per_day=6).incident)
    first, second = (change.key for change in case.evidence.changes)
    rise = OpenRise(
        excess=Estimate(value=40.0, low=20.0, high=70.0),
        probability=0.98,
        starts=(24.0, 72.0),
        symptom=None,
        owners=((first, 0.5), (second, 0.45)),
        unlogged=0.03,
    )
    (read,) = decode(encode(case, replace(attribute(case.evidence), open_rises=(rise,)))).open_rises
    assert (read.excess, read.probability, read.owners, read.unlogged) == (rise.excess, 0.98, rise.owners, 0.03)
    assert read.starts_between == (at(24), at(72))


def test_runs_of_before_there_was_such_a_thing_are_read() -> None:
    case = make_case(per_day=6)
    run = run_attribution(incident=case.incident, actor=None)
    assert decode({name: told for name, told in run.result.items() if name != "open_rises"}).open_rises == ()


def test_the_page_tells_the_rise_its_odds_and_clears_nobody(client: Client) -> None:
    case = make_case(per_day=6)
    left_open(case)
    client.force_login(make_user(Role.ENGINEER, product=case.product))
    text = client.get(reverse("attribution", args=[case.incident.pk])).content.decode()
    assert "A rise of about 160 complaints fits several changes and stays open." in text
    assert "A rise whose cause stays open" in text
    assert "One of several that fit a rise whose cause stays open." in text
    assert "None of the 2 changes" not in text
    assert f"change={case.harmful.pk}&amp;change={case.harmless.pk}" in text
    query = f"?product={case.product.slug}&change={case.harmful.pk}&change={case.harmless.pk}"
    assert client.get(reverse("changes-apart") + query).status_code == 200


def test_a_draft_says_that_they_cannot_be_told_apart() -> None:
    case = make_case(per_day=6)
    left_open(case)
    facts = facts_of(case.incident)
    assert facts.rejected() == []
    assert {change.title for change in facts.ambiguous()} == {case.harmful.title, case.harmless.title}
    body = draft_postmortem(actor=make_user(Role.COMMS, product=case.product), incident=case.incident).body
    assert f"from “{case.harmless.title}”" in body or f"from “{case.harmful.title}”" in body
    assert "the complaints do not support a part" not in body
