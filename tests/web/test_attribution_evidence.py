"""Words of what pairs did together, of rises, of scenarios and of moved answers; the pages that show them."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import incidents.tasks  # noqa: F401 - registers the handlers, as a worker does
from incidents.attribution import services
from incidents.attribution.designs import Way
from incidents.attribution.models import SavedScenario
from incidents.attribution.queries import PairWays, Rise
from incidents.attribution.stored import StoredFindings
from incidents.changes.models import ChangeLink
from incidents.core.access import Role
from incidents.jobs import runner
from incidents.jobs.models import Job
from incidents.stats.attribution.findings import Diagnostics, Estimate, Interaction, Outcome, Relation
from incidents.tickets.models import Ticket
from incidents.web.attribution.ranking import rank
from incidents.web.attribution.runs import in_words
from incidents.web.attribution.strips import strip
from incidents.web.attribution.together import together
from incidents.web.tickets.causes import causes_of
from tests.attribution.cases import Case, at, make_case
from tests.factories import make_user
from tests.web.test_attribution_words import finding, plain

NOTHING = Estimate(value=0.0, low=0.0, high=0.0)
OPEN = Estimate(value=0.0, low=-float("inf"), high=float("inf"))


def findings_of(**members: Any) -> StoredFindings:
    told = Diagnostics(
        day_dispersion=0.0, mix_dispersion=0.0, effects=1, evaluations=1, usage_known=True, log_evidence=1.0
    )
    defaults: dict[str, Any] = {
        "changes": (finding("1"), finding("2", "not supported", probability=0.1)),
        "unattributed": NOTHING, "rises": (), "separations": (), "diagnostics": told,
    }  # fmt: skip
    return StoredFindings(**{**defaults, **members})


def ranked(found: StoredFindings) -> Any:
    titles = {"1": "Shorter answers", "2": "Sign-in page", "3": "Cache"}
    return rank(found, titles=titles, changes={}, decisions={}, symptoms=[("slow", "Slow")], n_tickets=12_000)


@pytest.mark.parametrize(
    ("relation", "outcome", "kept", "words"),
    [
        ("masks", "weaker", Estimate(value=0.2, low=0.1, high=0.4), "raised only 20 % (10 to 40 %)"),
        ("masks", "additive", Estimate(value=1.0, low=0.8, high=1.3), "about as much as before"),
        ("masks", "cannot tell", Estimate(value=1.0, low=0.2, high=3.0), "The data cannot tell: while"),
        ("masks", "cannot tell", None, "too rarely in force one without the other"),
        ("interacts_with", "stronger", None, "more complaints came than the two raised by themselves"),
        ("candidate", "stronger", None, "more complaints came than the two raised by themselves"),
    ],
)
def test_what_two_changes_did_together(relation: Relation, outcome: Outcome, kept: Estimate | None, words: str) -> None:
    pair = Interaction(
        first="2", second="1", relation=relation, outcome=outcome, excess=OPEN, kept=kept, log_bayes_factor=9.0,
        threshold=4.6, n_scanned=5 if relation == "candidate" else 0,
    )  # fmt: skip
    found = findings_of(interactions=(pair,))
    (row,) = together(found, ranked(found))
    assert words in plain(row.sentence)
    assert not row.is_bounded
    assert ("5 pairs" in row.how) == (relation == "candidate")
    assert "99" in row.how or relation != "candidate"


def test_pairs_of_changes_that_left_the_run_are_passed_over() -> None:
    pair = Interaction(
        first="7", second="1", relation="masks", outcome="weaker", excess=OPEN, kept=None, log_bayes_factor=None,
        threshold=3.0, n_scanned=0,
    )  # fmt: skip
    found = findings_of(interactions=(pair,))
    assert together(found, ranked(found)) == []


def test_a_rise_leads_to_its_place_on_the_overlay_and_to_a_change_begun_there() -> None:
    rise = Rise(
        excess=Estimate(value=300.0, low=200.0, high=400.0), starts_at=at(48), ends_at=at(240),
        scope={"model": ["small"]}, symptom="slow", log_bayes_factor=20.0,
    )  # fmt: skip
    (row,) = ranked(findings_of(rises=(rise,))).rises
    assert "seg.model=small" in row.overlay
    assert "from=2026-02-28" in row.overlay
    assert "scope.model=small" in row.record
    assert "started_at=2026-03-04T00%3A00%3A00%2B00%3A00" in row.record


def test_a_set_names_what_would_tell_its_changes_apart() -> None:
    twins = tuple(finding(key, "ambiguous", indistinguishable_from=(other,)) for key, other in (("1", "3"), ("3", "1")))
    ways = (
        Way(kind="hold_back", amount=3.0, change="3", segment="surface=web"),
        Way(kind="stagger", amount=96.0, change="1", segment=""),
        Way(kind="tickets", amount=2.345, change=None, segment=""),
        Way(kind="days", amount=1.0, change=None, segment=""),
    )
    (told,) = ranked(findings_of(changes=twins, designs=(PairWays(first="1", second="3", ways=ways),))).sets
    (text,) = (plain(one) for one in told.ways)
    assert "Hold “Cache” back from surface=web for 3 days." in text
    assert "Start “Shorter answers” 4 days later." in text
    assert "Wait for 2.3 times as many complaints." in text
    assert "Watch for 1 more day." in text


def test_moved_answers_in_words() -> None:
    from incidents.web.attribution.runs import MovedFinding  # beside its use: the class is the page's own

    before, after = finding("1"), finding("1", "not supported", excess=Estimate(value=2.0, low=0.0, high=9.0))
    moved = MovedFinding(
        change_id=1, title="Shorter answers", colour=0, before=before, after=after,
        words=("Attributed", "Not supported"), verdict_moved=True,
    )  # fmt: skip
    gone = replace(moved, after=None)
    lines = [plain(line) for line in in_words([moved, gone], (NOTHING, Estimate(value=50.0, low=1.0, high=99.0)))]
    assert lines[0].startswith("“Shorter answers” went from “attributed” to “not supported”: from 1,712 to 2")
    assert "no longer among the changes" in lines[1]
    assert lines[2] == "What no known change explains went from 0 to 50 complaints."


def test_a_strip_tells_its_range_to_those_who_cannot_see_it() -> None:
    told = strip(low=0.1, value=0.2, high=0.3, others=[0.15, 0.25], most=0.4, position=1)
    assert "15" in told
    assert told.count("strip__tick") == 2
    assert "other assumptions" not in strip(low=0.1, value=0.2, high=0.3, others=[], most=0.4, position=1)


@pytest.fixture
def case(transactional_db: None) -> Case:
    return make_case(per_day=12)


def client_of(case: Case, role: Role = Role.ENGINEER) -> Client:
    client = Client()
    client.force_login(make_user(role, product=case.product))
    return client


def test_pages_show_pairs_the_checklist_and_causes_of_listed_tickets(case: Case) -> None:
    ChangeLink.objects.create(change=case.harmless, other=case.harmful, kind="interacts_with")
    services.run_attribution(incident=case.incident, actor=None)
    client = client_of(case)
    page = client.get(reverse("attribution", args=[case.incident.pk])).content.decode()
    assert "Changes together" in page
    change = client.get(reverse("attribution-change", args=[case.incident.pk, case.harmful.pk])).content.decode()
    assert "A checklist for a cause" in change
    assert "This explains and decides nothing" in change
    listed = client.get(reverse("case-tickets", args=[case.incident.pk])).content.decode()
    assert "Probable cause" in listed
    assert "no known change" in listed
    hit = Ticket.objects.filter(
        reported_at__gte=at(24 * 13), reported_at__lt=at(24 * 18), segment__values__surface="cli"
    )
    told = causes_of(list(hit), case.incident)
    assert told.keys() == {ticket.pk for ticket in hit}
    assert sum(bool(one) and one[0].change_id == case.harmful.pk for one in told.values()) > 0.8 * len(told)


def test_a_what_if_is_kept_shown_and_forgotten(case: Case) -> None:
    services.run_attribution(incident=case.incident, actor=None)
    client = client_of(case)
    base = f"/cases/{case.incident.pk}/attribution"
    client.post(f"{base}/what-if/", {"change": case.harmful.pk, "what": "leave_out"})
    job = Job.objects.latest("id")
    runner.run(job.pk, background=False)
    assert client.post(f"{base}/what-if/{job.pk}/keep/", {"name": ""}).status_code == 302
    kept = client.post(f"{base}/what-if/{job.pk}/keep/", {"name": "Without the short answers"}, follow=True)
    text = kept.content.decode()
    assert "Kept as “Without the short answers”" in text
    assert "The evidence is still the same." in text
    assert "no longer among the changes" in text
    assert "Without the short answers" in client.get(f"{base}/what-if/").content.decode()
    row = SavedScenario.objects.get()
    assert client_of(case, Role.SUPPORT).post(f"{base}/scenarios/{row.pk}/forget/").status_code == 403
    client.post(f"{base}/scenarios/{row.pk}/forget/")
    assert not SavedScenario.objects.exists()
