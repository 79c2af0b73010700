"""Runs: made once from the same evidence, never rewritten, out of date when the evidence moves, and explained."""

from typing import Any

import pytest
from django.db import InternalError, transaction
from django.db.utils import IntegrityError

from incidents.attribution import queries, services
from incidents.attribution.differences import MovedKind
from incidents.attribution.models import AttributionRun
from incidents.attribution.tickets import NOBODY
from incidents.catalog.models import Symptom
from incidents.catalog.taxonomy import symptom_names
from incidents.changes.models import RolloutStep
from incidents.core.access import Role
from incidents.core.errors import NotPermitted, NotReady, NotThere
from incidents.core.models import AuditEntry
from incidents.response.enums import CandidateStatus
from incidents.tickets import taxonomy
from incidents.tickets.models import Ticket, TicketSymptom
from tests.attribution.cases import at, make_case
from tests.factories import make_change, make_incident, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_the_harmful_change_is_found_and_the_harmless_one_is_not() -> None:
    case = make_case()
    run = services.run_attribution(incident=case.incident, actor=None)
    found = {finding.key: finding for finding in queries.findings(run).changes}
    harmful, harmless = found[str(case.harmful.pk)], found[str(case.harmless.pk)]
    assert harmful.verdict == "contributing"
    assert 150 < harmful.excess.value < 280  # 200 were added in the mean
    assert harmless.verdict == "not supported"
    assert run.n_tickets == Ticket.objects.count()


def test_the_same_evidence_gives_the_same_run() -> None:
    case = make_case(per_day=6)
    first = services.run_attribution(incident=case.incident, actor=None)
    again = services.run_attribution(incident=case.incident, actor=None)
    assert again.pk == first.pk
    assert AttributionRun.objects.count() == 1
    assert AuditEntry.objects.filter(action="attribution run").count() == 1


def test_two_attempts_store_one_run() -> None:
    case = make_case(per_day=6)
    prepared = services.prepare_run(incident=case.incident)
    assert isinstance(prepared, services.Prepared)
    one = services.store_run(incident=case.incident, prepared=prepared, actor=None)
    other = services.store_run(incident=case.incident, prepared=prepared, actor=None)
    assert one.pk == other.pk


def test_a_run_cannot_be_rewritten() -> None:
    case = make_case(per_day=6)
    run = services.run_attribution(incident=case.incident, actor=None)
    with pytest.raises((IntegrityError, InternalError), match="never rewritten"), transaction.atomic():
        AttributionRun.objects.filter(pk=run.pk).update(seconds=0.1)
    run.refresh_from_db()
    assert run.seconds != 0.1


def test_a_back_dated_change_puts_the_run_out_of_date() -> None:
    case = make_case(per_day=6)
    services.run_attribution(incident=case.incident, actor=None)
    assert queries.standing(case.incident).is_fresh
    late = make_change(case.product, title="Found weeks later", started_at=at(12 * 24))
    standing = queries.standing(case.incident)
    assert not standing.is_fresh
    (moved,) = standing.moved
    assert moved.kind is MovedKind.CHANGE_ADDED
    assert (moved.change, moved.title) == (late.pk, "Found weeks later")
    assert moved.back_dated is not None
    assert moved.back_dated[0] == at(12 * 24)


def test_each_kind_of_edit_is_told() -> None:
    case = make_case(per_day=6)
    run = services.run_attribution(incident=case.incident, actor=None)

    case.harmful.ended_at = at(19 * 24)
    case.harmful.title = "Another name alone moves nothing"
    case.harmful.save()
    RolloutStep.objects.create(change=case.harmless, at=at(6 * 24), share=0.5)
    make_ticket(case.product, "slow", reported_at=at(100))
    moved = {(one.kind, one.change): one for one in queries.standing(case.incident).moved}
    edited = moved[MovedKind.CHANGE_EDITED, case.harmful.pk]
    assert [name for name, _, _ in edited.fields] == ["ended_at"]
    assert [name for name, _, _ in moved[MovedKind.CHANGE_EDITED, case.harmless.pk].fields] == ["rollout"]
    tickets = moved[MovedKind.TICKETS, None]
    assert tickets.n_after == run.n_tickets + 1


def test_a_relabelled_or_dismissed_ticket_moves_the_evidence() -> None:
    case = make_case(per_day=6)
    services.run_attribution(incident=case.incident, actor=None)
    TicketSymptom.objects.filter(pk=TicketSymptom.objects.earliest("pk").pk).update(confidence=0.4)
    assert [one.kind for one in queries.standing(case.incident).moved] == [MovedKind.LABELS]
    Ticket.objects.filter(pk=Ticket.objects.earliest("pk").pk).update(status="dismissed")
    assert [one.kind for one in queries.standing(case.incident).moved] == [MovedKind.TICKETS]


def test_titles_and_words_leave_the_run_up_to_date() -> None:
    case = make_case(per_day=6)
    services.run_attribution(incident=case.incident, actor=None)
    case.harmful.title, case.harmful.description = "Renamed", "Told at length"
    case.harmful.save()
    assert queries.standing(case.incident).is_fresh


def test_taking_an_edit_back_lets_the_earlier_run_speak_again() -> None:
    case = make_case(per_day=6)
    first = services.run_attribution(incident=case.incident, actor=None)
    case.harmful.scope = {}
    case.harmful.save()
    second = services.run_attribution(incident=case.incident, actor=None)
    assert queries.latest_run(case.incident) == second
    case.harmful.scope = {"surface": ["cli"]}
    case.harmful.save()
    assert queries.latest_run(case.incident) == first
    assert queries.standing(case.incident).is_fresh


def test_two_runs_are_compared() -> None:
    case = make_case()
    first = services.run_attribution(incident=case.incident, actor=None)
    case.harmful.started_at, case.harmful.ended_at = at(24), at(2 * 24)
    case.harmful.save()
    second = services.run_attribution(incident=case.incident, actor=None)
    difference = queries.differences_between(first, second)
    assert [one.kind for one in difference.inputs] == [MovedKind.CHANGE_EDITED]
    moved = next(one for one in difference.findings if one.change == case.harmful.pk)
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.verdict, moved.after.verdict) == ("contributing", "not supported")
    assert moved.verdict_moved


def test_layers_and_shares_add_up_to_the_complaints() -> None:
    case = make_case()
    run = services.run_attribution(incident=case.incident, actor=None)
    layers = queries.layers(run)
    assert layers.edges[0] == case.incident.starts_at
    assert layers.edges[-1] == case.incident.ends_at
    total = sum(sum(values) for values in layers.background.values())
    total += sum(sum(values) for values in layers.unattributed.values())
    total += sum(sum(values) for layer in layers.excess.values() for values in layer.values())
    assert total == pytest.approx(run.n_tickets, rel=0.05)
    assert case.harmful.pk in layers.excess


def test_probabilities_of_tickets() -> None:
    case = make_case()
    run = services.run_attribution(incident=case.incident, actor=None)
    ids = list(Ticket.objects.values_list("pk", flat=True))
    told = queries.ticket_probabilities(run, ids)
    assert told.keys() == set(ids)
    assert all(sum(one.values()) == pytest.approx(1.0) for one in told.values())
    excess = sum(one.get(case.harmful.pk, 0.0) for one in told.values())
    finding = next(one for one in queries.findings(run).changes if one.key == str(case.harmful.pk))
    assert excess == pytest.approx(finding.excess.value, rel=0.05)

    early = Ticket.objects.filter(reported_at__lt=at(5 * 24)).first()
    assert early is not None
    assert told[early.pk].get(case.harmful.pk, 0.0) == 0.0
    assert told[early.pk][NOBODY] > 0.9

    likeliest = queries.likeliest_tickets(run, case.harmful.pk, most=5)
    assert len(likeliest) == 5
    best = max(one.get(case.harmful.pk, 0.0) for one in told.values())
    assert likeliest[0][1] == pytest.approx(best)
    later = make_ticket(case.product, "slow", reported_at=at(-50))
    assert queries.ticket_probabilities(run, [later.pk]) == {}


def test_a_run_stays_valid_when_symptoms_are_renamed_and_merged() -> None:
    case = make_case(per_day=6)
    run = services.run_attribution(incident=case.incident, actor=None)
    ids = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    told, likeliest = queries.ticket_probabilities(run, ids), queries.likeliest_tickets(run, case.harmful.pk, most=5)
    person = make_user(Role.SUPPORT, product=case.product)
    slow, forgetful = (Symptom.objects.get(product=case.product, key=key) for key in ("slow", "forgetful"))
    taxonomy.reword_symptom(actor=person, symptom=slow, name="Sluggish", description="", terms=[])
    taxonomy.merge_symptoms(actor=person, symptom=slow, into=forgetful)
    assert queries.ticket_probabilities(run, ids) == told
    assert queries.likeliest_tickets(run, case.harmful.pk, most=5) == likeliest
    assert symptom_names(case.product, at=run.created_at)["slow"] == "Slow"
    assert not queries.standing(case.incident).is_fresh


def test_a_case_without_complaints_says_so() -> None:
    incident = make_incident(make_product())
    with pytest.raises(NotReady, match="import tickets"):
        services.run_attribution(incident=incident, actor=None)
    assert queries.latest_run(incident) is None
    assert queries.standing(incident).run is None


@pytest.mark.parametrize(("role", "may"), [(Role.SUPPORT, False), (Role.ENGINEER, True), (Role.COMMS, True)])
def test_who_may_run(role: Role, may: bool) -> None:
    case = make_case(per_day=3)
    person = make_user(role, product=case.product)
    if may:
        assert services.run_attribution(incident=case.incident, actor=person).created_by == person
    else:
        with pytest.raises(NotPermitted):
            services.run_attribution(incident=case.incident, actor=person)
        with pytest.raises(NotPermitted):
            services.request_run(incident=case.incident, actor=person)


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.SUPPORT, False), (Role.ENGINEER, True), (Role.COMMS, False), (Role.ADMINISTRATOR, True)],
)
def test_only_some_may_promote_a_change(role: Role, may: bool) -> None:
    case = make_case(per_day=1)
    person = make_user(role, product=case.product)

    def decide() -> None:
        services.decide_candidate(
            incident=case.incident,
            change_id=case.harmful.pk,
            status=CandidateStatus.CONTRIBUTING,
            note="Complaints fell with the revert.",
            actor=person,
        )

    if not may:
        with pytest.raises(NotPermitted):
            decide()
        return
    decide()
    entry = AuditEntry.objects.get(action="candidate decided")
    assert (entry.actor, entry.detail["after"]) == (person, "contributing")
    row = case.incident.candidates.get()
    assert (row.status, row.decided_by) == ("contributing", person)


def test_a_decision_needs_its_reason_and_a_change_of_the_case() -> None:
    case = make_case(per_day=1)
    person = make_user(Role.ENGINEER, product=case.product)
    elsewhere = make_change(make_product(), started_at=at(10))
    with pytest.raises(NotReady, match="why"):
        services.decide_candidate(
            incident=case.incident,
            change_id=case.harmful.pk,
            status=CandidateStatus.REJECTED,
            note="  ",
            actor=person,
        )
    with pytest.raises(NotThere):
        services.decide_candidate(
            incident=case.incident,
            change_id=elsewhere.pk,
            status=CandidateStatus.REJECTED,
            note="No.",
            actor=person,
        )


def test_the_fingerprint_takes_few_statements(django_assert_max_num_queries: Any) -> None:
    case = make_case(per_day=6)
    with django_assert_max_num_queries(7):
        queries.case_fingerprint(case.incident)
    for number in range(3):
        make_change(case.product, started_at=at(24 * number))
    with django_assert_max_num_queries(7):
        queries.case_fingerprint(case.incident)


def test_a_run_told_in_an_earlier_shape_is_an_earlier_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(per_day=6)
    monkeypatch.setattr("incidents.attribution.inputs.FORMAT", 0)
    earlier = services.run_attribution(incident=case.incident, actor=None)
    monkeypatch.undo()
    standing = queries.standing(case.incident)
    assert standing.run == earlier
    assert standing.engine_moved
    assert standing.moved == ()
