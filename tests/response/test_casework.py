"""Opening and running a case."""

import datetime as dt

import pytest

from incidents.core.access import Action, Role
from incidents.core.audit import audit_trail
from incidents.core.errors import Conflict, NotPermitted, NotReady, NotThere
from incidents.response.casework import (
    add_timeline_entry,
    assign_duty,
    end_duty,
    open_incident,
    update_incident,
)
from incidents.response.enums import IncidentDuty, IncidentStatus, Severity
from incidents.response.freezes import add_freeze, remove_freeze
from incidents.response.models import PublicityEvent
from incidents.response.overview import case_overviews, timeline_of
from incidents.response.queries import changes_of, incident_for, visible_incidents
from tests.factories import at, make_change, make_incident, make_product, make_statement, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_a_window_of_days_is_half_open_in_the_products_zone() -> None:
    product = make_product(timezone="America/Los_Angeles")
    incident = open_incident(
        actor=make_user(Role.ENGINEER),
        product=product,
        title="Forgets after lunch",
        starts_on=dt.date(2026, 3, 7),
        ends_on=dt.date(2026, 3, 8),  # the clocks go forward: 23 hours
    )
    assert incident.ends_at - incident.starts_at == dt.timedelta(hours=47)
    assert incident.slug == "forgets-after-lunch"
    with pytest.raises(Conflict, match="choose another title"):
        open_incident(
            actor=make_user(Role.ENGINEER),
            product=product,
            title="Forgets after lunch",
            starts_on=dt.date(2026, 3, 7),
            ends_on=dt.date(2026, 3, 8),
        )


def edit(incident: object, actor: object, **fields: object) -> None:
    values = {
        "title": "Answers got shallower",
        "summary": "",
        "severity": Severity.UNKNOWN,
        "status": IncidentStatus.INVESTIGATING,
        "restricted": False,
    }
    update_incident(actor=actor, incident=incident, **{**values, **fields})  # type: ignore[arg-type]


def test_a_restricted_case_is_seen_by_its_people_and_administrators() -> None:
    incident = make_incident()
    product = incident.product
    lead, other = make_user(Role.ENGINEER, product=product), make_user(Role.ENGINEER, product=product)
    chief, everywhere = make_user(Role.ADMINISTRATOR, product=product), make_user(Role.ADMINISTRATOR)
    foreign = make_user(Role.ADMINISTRATOR, product=make_product())
    edit(incident, lead, restricted=True)
    for user in (lead, chief, everywhere):
        assert list(visible_incidents(user)) == [incident]
    for user in (other, foreign):
        with pytest.raises(NotThere):
            incident_for(user, incident.pk)
    assign_duty(actor=chief, incident=incident, user=other, duty=IncidentDuty.COMMS)
    assert incident_for(other, incident.pk) == incident
    end_duty(actor=chief, incident=incident, role_id=incident.duties.get(user=other).pk)
    assert not visible_incidents(other).exists()


def test_an_edit_leaves_a_trail_and_no_edit_leaves_none() -> None:
    incident = make_incident()
    engineer = make_user(Role.ENGINEER)
    edit(incident, engineer)
    assert not audit_trail(incident).exists()
    edit(incident, engineer, status=IncidentStatus.RESOLVED)
    assert audit_trail(incident).get().detail == {"moved": {"status": ["investigating", "resolved"]}}


def test_support_may_not_edit_a_case() -> None:
    incident = make_incident()
    support = make_user(Role.SUPPORT, product=incident.product)
    assert incident_for(support, incident.pk) == incident
    with pytest.raises(NotPermitted):
        incident_for(support, incident.pk, Action.EDIT_CASE)
    with pytest.raises(NotPermitted):
        add_timeline_entry(actor=support, incident=incident, at=at(5), text="We looked at the logs.")


def test_changes_of_a_case_are_those_in_force_in_its_window() -> None:
    incident = make_incident(source=None)
    before = make_change(incident.product, started_at=at(1, month=2), ended_at=at(1, 0), end_kind="revert")
    across = make_change(incident.product, started_at=at(1, month=2), ended_at=at(2), end_kind="revert")
    after = make_change(incident.product, started_at=at(1, 0, month=4))
    found = list(changes_of(incident))
    assert across in found
    assert before not in found
    assert after not in found


def test_the_overview_counts_what_is_in_the_window(django_assert_num_queries: object) -> None:
    incident, other = make_incident(), make_incident()
    for day in (1, 1, 31):
        make_ticket(incident.product, reported_at=at(day, 0))
    make_ticket(incident.product, reported_at=at(1, 0, month=4))
    make_ticket(incident.product, reported_at=at(5), status="dismissed")
    make_change(incident.product)
    with django_assert_num_queries(2):  # type: ignore[operator]
        first, second = case_overviews([incident, other])
    assert (first.n_tickets, first.n_changes, second.n_tickets) == (3, 1, 0)
    assert first.course[0] == 2
    assert sum(first.course) == 3


def test_the_timeline_merges_what_happened() -> None:
    incident = make_incident()
    make_change(incident.product, title="Cache", started_at=at(5), ended_at=at(20), end_kind="fix")
    make_change(incident.product, title="2.0", kind="client_release", carried_by_version="2.0")
    make_change(incident.product, title="2.1", kind="client_release", carried_by_version="2.1", started_at=at(19))
    make_change(incident.product, title="Old", started_at=at(1, month=2), fixed_in_version="2.1")
    make_statement(incident, at=at(12))
    PublicityEvent.objects.create(incident=incident, at=at(11), title="A widely shared post")
    add_timeline_entry(actor=make_user(Role.ENGINEER), incident=incident, at=at(13), text="First look")
    assert [(line.kind, line.title) for line in timeline_of(incident)] == [
        ("change started", "Cache"),
        ("publicity", "A widely shared post"),
        ("statement", "status page"),
        ("entry", "First look"),
        ("change started", "2.1"),
        ("change fixed", "Cache"),
    ]


def test_a_deploy_freeze_is_whole_days_of_the_cases_zone_and_can_be_taken_back() -> None:
    incident = make_incident(timezone="Europe/Berlin", extra={"ticket_prefix": "X"})
    engineer = make_user(Role.ENGINEER)
    freeze = add_freeze(
        actor=engineer,
        incident=incident,
        first=dt.date(2026, 3, 28),
        last=dt.date(2026, 3, 29),
        title=" Quarter's end ",
    )
    assert freeze.end - freeze.start == dt.timedelta(days=2)
    assert freeze.end.astimezone(dt.UTC) - freeze.start.astimezone(dt.UTC) == dt.timedelta(
        hours=47
    )  # clocks go forward
    incident.refresh_from_db()
    assert incident.extra == {
        "ticket_prefix": "X",
        "freezes": [{"from": "2026-03-28", "to": "2026-03-29", "title": "Quarter's end"}],
    }
    with pytest.raises(Conflict, match="already"):
        add_freeze(
            actor=engineer,
            incident=incident,
            first=dt.date(2026, 3, 28),
            last=dt.date(2026, 3, 29),
            title="Quarter's end",
        )
    with pytest.raises(NotReady, match="ends before it starts"):
        add_freeze(actor=engineer, incident=incident, first=dt.date(2026, 3, 28), last=dt.date(2026, 3, 27))
    with pytest.raises(NotPermitted):
        add_freeze(actor=make_user(Role.COMMS), incident=incident, first=dt.date(2026, 3, 1), last=dt.date(2026, 3, 1))
    remove_freeze(actor=engineer, incident=incident, start="2026-03-28", end="2026-03-29")
    incident.refresh_from_db()
    assert incident.extra == {"ticket_prefix": "X"}
    with pytest.raises(NotThere):
        remove_freeze(actor=engineer, incident=incident, start="2026-03-28", end="2026-03-29")
    assert [entry.action for entry in audit_trail(incident)][:2] == ["freeze taken back", "freeze recorded"]
