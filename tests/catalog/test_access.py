"""Roles, and the doors that stand before every object."""

import pytest
from django.contrib.auth.models import AnonymousUser

from incidents.catalog.queries import (
    UNKNOWN,
    compatible_segment_ids,
    matching_segment_ids,
    permitted,
    product_by_slug,
    require,
    roles_of,
    visible_products,
)
from incidents.catalog.services import grant_role, intern_segments, segment_digest
from incidents.core.access import PERMISSIONS, Action, Role, allowed
from incidents.core.errors import NotPermitted, NotThere
from tests.factories import make_product, make_segment, make_user

pytestmark = pytest.mark.django_db


def test_only_comms_and_administrators_publish() -> None:
    assert {role for role in Role if allowed(frozenset({role}), Action.PUBLISH)} == {Role.COMMS, Role.ADMINISTRATOR}


def test_only_engineers_and_administrators_promote_a_change() -> None:
    may = {role for role in Role if allowed(frozenset({role}), Action.PROMOTE_CHANGE)}
    assert may == {Role.ENGINEER, Role.ADMINISTRATOR}


def test_every_role_may_view_and_nobody_without_one() -> None:
    assert all(Action.VIEW in actions for actions in PERMISSIONS.values())
    assert not allowed(frozenset(), Action.VIEW)


def test_a_role_holds_for_its_product_alone() -> None:
    mine, other = make_product(), make_product()
    user = make_user(Role.ENGINEER, product=mine)
    assert roles_of(user, mine) == {Role.ENGINEER}
    assert roles_of(user, other) == frozenset()
    assert list(visible_products(user)) == [mine]
    with pytest.raises(NotThere):
        product_by_slug(user, other.slug)


def test_a_role_without_product_holds_for_all() -> None:
    product = make_product()
    user = make_user(Role.SUPPORT)
    assert permitted(user, Action.TRIAGE, product)
    assert list(visible_products(user)) == [product]


def test_the_unknown_and_the_forbidden_are_told_apart() -> None:
    product = make_product()
    with pytest.raises(NotThere):
        require(AnonymousUser(), Action.VIEW, product)
    with pytest.raises(NotPermitted, match="ask an administrator"):
        require(make_user(Role.SUPPORT, product=product), Action.PUBLISH, product)


def test_people_who_left_see_nothing() -> None:
    product = make_product()
    user = make_user(Role.ADMINISTRATOR, is_active=False)
    assert roles_of(user, product) == frozenset()
    assert not visible_products(user).exists()


def test_granting_twice_grants_once() -> None:
    product, user = make_product(), make_user()
    assert grant_role(user=user, role=Role.COMMS, product=product) == grant_role(
        user=user, role=Role.COMMS, product=product
    )
    assert grant_role(user=user, role=Role.COMMS) == grant_role(user=user, role=Role.COMMS)
    assert user.memberships.count() == 2


def test_patterns_are_interned_once_whatever_their_order() -> None:
    product = make_product()
    first = intern_segments(product=product, patterns=[{"surface": "cli", "version": "1.0"}, {}])
    again = intern_segments(product=product, patterns=[{"version": "1.0", "surface": "cli"}])
    assert len(first) == 2
    assert again[segment_digest({"surface": "cli", "version": "1.0"})] in first.values()


def test_a_filter_tells_the_unknown_from_the_rest() -> None:
    product = make_product()
    cli = make_segment(product, surface="cli")
    web = make_segment(product, surface="web", version="1.0")
    silent = make_segment(product, version="1.0")
    assert matching_segment_ids(product, {}) is None
    assert set(matching_segment_ids(product, {"surface": ["cli"]}) or []) == {cli.pk}
    assert set(matching_segment_ids(product, {"surface": [UNKNOWN]}) or []) == {silent.pk}
    assert set(matching_segment_ids(product, {"surface": ["web", UNKNOWN]}) or []) == {web.pk, silent.pk}
    assert set(matching_segment_ids(product, {"surface": ["web", UNKNOWN], "version": ["1.0"]}) or []) == {
        web.pk,
        silent.pk,
    }
    assert matching_segment_ids(product, {"surface": ["fridge"]}) == []


def test_a_scope_may_hold_tickets_that_do_not_say() -> None:
    product = make_product()
    cli = make_segment(product, surface="cli")
    make_segment(product, surface="web")
    silent = make_segment(product)
    assert set(compatible_segment_ids(product, {"surface": ["cli"]})) == {cli.pk, silent.pk}
