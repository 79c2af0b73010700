"""The change log as people read it: filtered, and one entry with all that hangs on it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.catalog.queries import require, visible_products
from incidents.changes.models import Change, ChangeLink
from incidents.core.access import Action
from incidents.core.errors import NotThere

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """What to show of the log; empty members do not filter."""

    product: str = ""
    kind: str = ""
    words: str = ""
    state: str = ""  # in_force, ended, unannounced, backdated
    releases: bool = False  # client releases too


def visible_changes(user: "User | AnonymousUser") -> QuerySet[Change]:
    """Return the changes of the person's products, the newest first."""
    rows = Change.objects.filter(product__in=visible_products(user))
    return rows.select_related("product").order_by("-started_at", "-id")


def changes_matching(
    user: "User | AnonymousUser", chosen: ChangeFilter, now: dt.datetime | None = None
) -> QuerySet[Change]:
    """Return the visible changes that the filter lets through."""
    now = now or timezone.now()
    rows = visible_changes(user)
    if chosen.product:
        rows = rows.filter(product__slug=chosen.product)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    elif not chosen.releases:
        rows = rows.exclude(kind="client_release")
    if chosen.words:
        rows = rows.filter(
            Q(title__icontains=chosen.words)
            | Q(description__icontains=chosen.words)
            | Q(external_id__icontains=chosen.words)
        )
    states = {
        "in_force": Q(ended_at=None) | Q(ended_at__gt=now),
        "ended": Q(ended_at__lte=now),
        "unannounced": Q(user_facing=True, announced_at=None),
        "backdated": Q(discovered_at__isnull=False),
    }
    return rows.filter(states.get(chosen.state, Q()))


def change_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> Change:
    """Return one change if the person may do this to it: the only door to a change by its id."""
    change = visible_changes(user).filter(pk=pk).first()
    if change is None:
        raise NotThere("There is no such change, or it is not yours to see.")
    require(user, action, change.product)
    return change


def owners_in(product: Product) -> list[str]:
    """Return the owners that the product's changes name, in order of name."""
    told = Change.objects.filter(product=product).filter(Q(extra__has_key="owner") | Q(extra__has_key="team"))
    return sorted({change.owner for change in told.only("extra")} - {""})


def links_of(change: Change) -> list[tuple[str, Change]]:
    """Return how the change bears on others, in both directions, as (words, other change)."""
    there = ChangeLink.objects.filter(change=change).select_related("other")
    back = ChangeLink.objects.filter(other=change).select_related("change")
    words = {"masks": "is masked by", "interacts_with": "interacts with"}
    return [(row.get_kind_display(), row.other) for row in there] + [(words[row.kind], row.change) for row in back]


def in_force_with(change: Change) -> QuerySet[Change]:
    """Return the other changes of the product that were in force at some time of this one, releases left out."""
    end = change.ended_at or timezone.now()
    return (
        Change.objects.filter(product=change.product, started_at__lt=end)
        .filter(Q(ended_at=None) | Q(ended_at__gt=change.started_at))
        .exclude(Q(pk=change.pk) | Q(kind="client_release"))
        .order_by("started_at")
    )


def among(user: "User | AnonymousUser", product: Product, ids: Sequence[int]) -> list[Change]:
    """Return the product's changes with these ids that the person may view, with their steps and links."""
    rows = visible_changes(user).filter(product=product, pk__in=list(ids))
    return list(rows.prefetch_related("rollout_steps", "links").order_by("started_at", "id"))


def newest(user: "User | AnonymousUser", product: Product, most: int) -> list[Change]:
    """Return the product's newest changes, those still to come first, client releases left out."""
    rows = visible_changes(user).filter(product=product).exclude(kind="client_release")
    return list(rows[:most])


def next_external_id(product: Product) -> str:
    """Return an id for a change that is entered by hand."""
    number = Change.objects.filter(product=product, source__key="manual").count() + 1
    while Change.objects.filter(product=product, source__key="manual", external_id=f"manual-{number}").exists():
        number += 1
    return f"manual-{number}"
