"""Entering and correcting changes by hand."""

import datetime as dt

import pytest

from incidents.changes.editing import ChangeRecord, correct_change, record_change
from incidents.changes.enums import ChangeKind, EndKind
from incidents.changes.log import ChangeFilter, change_for, changes_matching, in_force_with, links_of
from incidents.changes.models import ChangeLink
from incidents.core.access import Action, Role
from incidents.core.audit import audit_trail
from incidents.core.errors import Conflict, NotPermitted, NotThere
from tests.factories import at, make_change, make_product, make_user

pytestmark = pytest.mark.django_db


def record(**fields: object) -> ChangeRecord:
    return ChangeRecord(**{"kind": ChangeKind.CACHE, "title": "Keep less", "started_at": at(5), **fields})  # type: ignore[arg-type]


def test_a_change_found_weeks_later_keeps_its_true_time() -> None:
    product = make_product()
    engineer = make_user(Role.ENGINEER, product=product)
    change = record_change(
        actor=engineer,
        product=product,
        record=record(
            discovered_at=at(28),
            rollout=((at(5), 0.1), (at(7), 1.0)),
            artifact_name="system prompt",
            artifact_before="Be thorough.",
            artifact_after="Be brief.",
        ),
    )
    change.refresh_from_db()
    assert change.started_at == at(5)
    assert change.discovered_at == at(28)
    assert change.recorded_at > at(28)
    assert [(step.at, step.share) for step in change.rollout_steps.all()] == [(at(5), 0.1), (at(7), 1.0)]
    assert change.artifacts.get().after == "Be brief."
    assert audit_trail(change).get().action == "change recorded"


def test_each_change_keeps_a_colour_of_its_own() -> None:
    product = make_product()
    engineer = make_user(Role.ENGINEER, product=product)
    first = record_change(actor=engineer, product=product, record=record())
    second = record_change(actor=engineer, product=product, record=record(title="Another"))
    assert (first.colour, second.colour) == (0, 1)
    assert first.external_id != second.external_id


def test_the_second_of_two_writers_is_told() -> None:
    product = make_product()
    engineer = make_user(Role.ENGINEER, product=product)
    change = record_change(actor=engineer, product=product, record=record())
    seen = change.updated_at
    correct_change(actor=engineer, change=change, record=record(title="Keep even less"), seen_at=seen)
    with pytest.raises(Conflict, match="someone else"):
        correct_change(actor=engineer, change=change, record=record(title="Keep more"), seen_at=seen)
    change.refresh_from_db()
    assert change.title == "Keep even less"
    assert audit_trail(change).first().detail["moved"]["title"] == ["Keep less", "Keep even less"]  # type: ignore[union-attr]


def test_a_corrected_time_is_no_longer_a_whole_day() -> None:
    product = make_product()
    change = make_change(product, day_fields=["started_at", "ended_at"], ended_at=at(20), end_kind="revert")
    correct_change(
        actor=make_user(Role.ENGINEER),
        change=change,
        record=record(started_at=at(10, 15), ended_at=at(20), end_kind=EndKind.REVERT),
        seen_at=change.updated_at,
    )
    change.refresh_from_db()
    assert change.day_fields == ["ended_at"]


def test_an_end_before_the_start_is_refused_and_nothing_is_written() -> None:
    product = make_product()
    with pytest.raises(Conflict, match="ends before it starts"):
        record_change(
            actor=make_user(Role.ENGINEER),
            product=product,
            record=record(ended_at=at(4), end_kind=EndKind.FIX, rollout=((at(5), 1.0),)),
        )
    assert not product.changes.exists()


def test_support_may_read_the_log_but_not_write_it() -> None:
    product = make_product()
    support = make_user(Role.SUPPORT, product=product)
    change = make_change(product)
    assert change_for(support, change.pk) == change
    with pytest.raises(NotPermitted):
        change_for(support, change.pk, Action.EDIT_CHANGES)
    with pytest.raises(NotPermitted):
        record_change(actor=support, product=product, record=record())
    with pytest.raises(NotThere):
        change_for(make_user(Role.ENGINEER, product=make_product()), change.pk)


def test_filters_of_the_log() -> None:
    product = make_product()
    user = make_user(Role.SUPPORT, product=product)
    ended = make_change(product, ended_at=at(12), end_kind="revert", title="Shorter answers")
    release = make_change(product, kind="client_release", title="2.1.90")
    late = make_change(product, discovered_at=at(20), user_facing=True, announced_at=at(21))
    untold = make_change(product, user_facing=True, kind="effort")
    make_change(make_product())

    def found(**chosen: object) -> set[int]:
        return {row.pk for row in changes_matching(user, ChangeFilter(**chosen), now=at(30))}  # type: ignore[arg-type]

    assert found() == {ended.pk, late.pk, untold.pk}
    assert found(releases=True) == {ended.pk, release.pk, late.pk, untold.pk}
    assert found(kind="client_release") == {release.pk}
    assert found(words="shorter") == {ended.pk}
    assert found(state="ended") == {ended.pk}
    assert found(state="in_force") == {late.pk, untold.pk}
    assert found(state="unannounced") == {untold.pk}
    assert found(state="backdated") == {late.pk}


def test_what_was_in_force_together_and_what_hides_what() -> None:
    product = make_product()
    change = make_change(product, started_at=at(10), ended_at=at(20), end_kind="fix")
    overlapping = make_change(product, started_at=at(19))
    make_change(product, started_at=at(20))  # half-open: begins when the other has ended
    make_change(product, started_at=at(1), ended_at=at(10), end_kind="revert")
    ChangeLink.objects.create(change=overlapping, other=change, kind="masks")
    assert list(in_force_with(change)) == [overlapping]
    assert links_of(change) == [("is masked by", overlapping)]
    assert links_of(overlapping) == [("masks", change)]


def test_times_are_instants(settings: object) -> None:
    change = make_change(make_product(), started_at=dt.datetime.fromisoformat("2026-03-04T09:00:00-08:00"))
    change.refresh_from_db()
    assert change.started_at == at(4, 17)
