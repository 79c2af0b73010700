"""What people decided stays when a bundle comes again; who may import, and what the trail keeps of it."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from incidents.catalog.models import Product, Symptom
from incidents.changes.editing import ChangeRecord, correct_change
from incidents.changes.enums import ChangeKind
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.core.audit import record_audit
from incidents.core.errors import NotPermitted, NotThere
from incidents.core.models import AuditEntry
from incidents.ingest.bundle.services import import_bundle
from incidents.response.casework import update_incident
from incidents.response.enums import IncidentStatus, Severity
from incidents.response.models import Incident
from incidents.tickets.inbox import decide_symptoms, set_ticket_status
from incidents.tickets.models import Ticket
from tests.factories import make_product, make_user
from tests.ingest.bundles import CASE, CHANGES, TICKETS, case, make_folder
from tests.ingest.importing import counts, labels, take_in

pytestmark = pytest.mark.django_db
UTC = dt.UTC


def test_what_people_decided_about_tickets_stays(tmp_path: Path, admin_user: User) -> None:
    take_in(tmp_path)
    first, second, third = (Ticket.objects.get(external_id=name) for name in ("t1", "t2", "t3"))
    decide_symptoms(actor=admin_user, ticket=first, symptoms=list(Symptom.objects.filter(key="forgetful")))
    decide_symptoms(actor=admin_user, ticket=second, symptoms=[])
    set_ticket_status(actor=admin_user, ticket=third, status="dismissed")
    changed = [{**TICKETS[0], "text": "Slow, takes ages."}, {**TICKETS[1], "symptoms": ["slow"]}, TICKETS[2]]
    report = take_in(tmp_path, tickets=changed)
    assert counts(report, "tickets.jsonl") == (0, 1, 2)
    assert labels("t1") == {"forgetful": (1.0, "person")}
    assert labels("t2") == {}
    assert {row.external_id: row.status for row in Ticket.objects.all()} == {
        "t1": "triaged",
        "t2": "triaged",
        "t3": "dismissed",
    }


def test_what_people_corrected_in_a_change_stays(tmp_path: Path, admin_user: User) -> None:
    take_in(tmp_path)
    change = Change.objects.get(external_id="c1")
    found_at = dt.datetime(2026, 3, 4, 9, tzinfo=UTC)
    record = ChangeRecord(
        kind=ChangeKind.EFFORT,
        title=change.title,
        started_at=found_at,
        scope=change.scope,
        ended_at=change.ended_at,
        end_kind=change.end_kind,
        announced_at=change.announced_at,
        user_facing=True,
        rollout=((found_at, 1.0),),
        artifact_name="default",
        artifact_before="high",
        artifact_after="medium",
    )
    correct_change(actor=admin_user, change=change, record=record, seen_at=change.updated_at)
    report = take_in(tmp_path, changes=[{**CHANGES[0], "title": "Renamed"}, CHANGES[1]])
    assert counts(report, "changes.jsonl") == (0, 1, 1)
    change.refresh_from_db()
    assert (change.started_at, change.title) == (found_at, "Renamed")
    assert [step.share for step in change.rollout_steps.all()] == [1.0]
    assert take_in(tmp_path, changes=[{**CHANGES[0], "title": "Renamed"}, CHANGES[1]]).changed_nothing


def test_what_people_edited_in_the_case_and_its_symptoms_stays(tmp_path: Path, admin_user: User) -> None:
    report = take_in(tmp_path)
    incident = Incident.objects.get()
    update_incident(
        actor=admin_user,
        incident=incident,
        title="Spring",
        summary="What we know.",
        severity=Severity.MAJOR,
        status=IncidentStatus.IDENTIFIED,
        restricted=False,
    )
    slow = Symptom.objects.get(key="slow")
    Symptom.objects.filter(pk=slow.pk).update(terms=["slow", "hangs"])
    record_audit(actor=admin_user, action="symptom edited", subject=slow, product_id=slow.product_id)
    again = import_bundle(
        path=make_folder(tmp_path, case=case(bucket="day")), product_slug="assistant", case_slug=report.case_slug
    )
    assert counts(again, "case.json")[:2] == (0, 1)
    incident.refresh_from_db()
    assert (incident.title, incident.summary, incident.bucket) == ("Spring", "What we know.", "day")
    slow.refresh_from_db()
    assert slow.terms == ["slow", "hangs"]


def test_a_symptom_that_nobody_edited_follows_the_bundle(tmp_path: Path) -> None:
    take_in(tmp_path)
    symptoms = [{**CASE["symptoms"][0], "name": "Slow answers"}, CASE["symptoms"][1]]
    report = take_in(tmp_path, case=case(symptoms=symptoms))
    assert counts(report, "case.json")[:2] == (0, 1)
    assert Symptom.objects.get(key="slow").name == "Slow answers"


def test_who_may_import(tmp_path: Path) -> None:
    product = make_product(slug="assistant")
    folder = make_folder(tmp_path)
    engineer, support = make_user(Role.ENGINEER, product=product), make_user(Role.SUPPORT, product=product)
    stranger, head = make_user(), make_user(Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        import_bundle(path=folder, product_slug="assistant", actor=support)
    with pytest.raises(NotThere):
        import_bundle(path=folder, product_slug="assistant", actor=stranger)
    assert import_bundle(path=folder, product_slug="assistant", actor=engineer).created
    with pytest.raises(NotPermitted, match="administrator of all products"):
        import_bundle(path=folder, product_slug="new", actor=engineer)
    assert import_bundle(path=folder, product_slug="new", actor=head).created
    assert Incident.objects.get(product__slug="new").opened_by == head


def test_a_case_that_is_not_yours_to_see_is_not_written_to(tmp_path: Path) -> None:
    report = take_in(tmp_path)
    Incident.objects.update(restricted=True)
    engineer = make_user(Role.ENGINEER, product=Product.objects.get())
    with pytest.raises(NotPermitted, match="another short name"):
        import_bundle(
            path=make_folder(tmp_path, tickets=[]),
            product_slug=report.product_slug,
            case_slug=report.case_slug,
            actor=engineer,
        )


def test_the_trail_holds_the_import(tmp_path: Path, admin_user: User) -> None:
    import_bundle(path=make_folder(tmp_path), product_slug="assistant", actor=admin_user)
    entry = AuditEntry.objects.get(action="case imported")
    assert (entry.actor, entry.detail["files"]["tickets.jsonl"]) == (admin_user, [3, 0, 0, 0])
