"""Changes as intervals on a time axis: rollout, end, links, and what of it all is known by the day alone."""

import datetime as dt
import re
from collections.abc import Sequence

from django.db.models import QuerySet

from incidents.catalog.models import Product
from incidents.changes.enums import ChangeKind, EndKind, Visibility
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep

__all__ = [
    "Change",
    "artifacts_of",
    "fades_by_adoption",
    "is_back_dated",
    "is_release",
    "is_unannounced",
    "links_among",
    "release_times",
    "version_in",
    "versions_that_matter",
    "with_rollout",
]

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4}){1,3})(?![\w.])", re.IGNORECASE)


def with_rollout(rows: QuerySet[Change]) -> list[Change]:
    """Return the changes with their rollout steps as `steps`, two statements for any number of them."""
    changes = list(rows)
    by_change: dict[int, list[tuple[dt.datetime, float]]] = {change.pk: [] for change in changes}
    told = RolloutStep.objects.filter(change__in=list(by_change)).order_by("at", "id")
    for change_id, at, share in told.values_list("change_id", "at", "share"):
        by_change[change_id].append((at, share))
    for change in changes:
        change.steps = by_change[change.pk]
    return changes


def is_release(change: Change) -> bool:
    """Tell whether it is a client release that ended nowhere: those are many, and drawn as a rug."""
    return change.kind == ChangeKind.CLIENT_RELEASE.value and change.ended_at is None and not change.scope


def release_times(product: Product) -> dict[str, dt.datetime]:
    """Return {version: when it was released}, by the version a release carries or the one its title names."""
    rows = Change.objects.filter(product=product, kind=ChangeKind.CLIENT_RELEASE).order_by("-started_at")
    told = rows.values_list("carried_by_version", "title", "started_at")
    return {version: at for carried, title, at in told if (version := carried or version_in(title))}


def version_in(title: str) -> str:
    """Return the version that a title names, without a "v", or nothing."""
    found = _VERSION.search(title)
    return found.group(1) if found else ""


def is_back_dated(change: Change) -> bool:
    """Tell whether the change was found out about after it took effect."""
    return change.discovered_at is not None and change.discovered_at > change.started_at


def is_unannounced(change: Change) -> bool:
    """Tell whether a change that users met was never told to them."""
    return change.user_facing and change.announced_at is None and change.visibility == Visibility.PUBLIC.value


def versions_that_matter(changes: Sequence[Change]) -> frozenset[str]:
    """Return the client versions that carry another change or its fix: the releases worth a label."""
    carried = {change.carried_by_version for change in changes if change.kind != ChangeKind.CLIENT_RELEASE.value}
    return frozenset((carried | {change.fixed_in_version for change in changes}) - {""})


def fades_by_adoption(change: Change) -> bool:
    """Tell whether the change ends for each user only when a fixed client version reaches them."""
    return bool(change.fixed_in_version) and change.ended_at is not None and change.end_kind != EndKind.SUPERSEDED.value


def artifacts_of(change: Change) -> QuerySet[ArtifactVersion]:
    """Return the texts that the change replaced, before and after."""
    return ArtifactVersion.objects.filter(change=change).order_by("name")


def links_among(changes: Sequence[Change]) -> QuerySet[ChangeLink]:
    """Return which of the changes mask or interact with which."""
    ids = [change.pk for change in changes]
    return ChangeLink.objects.filter(change__in=ids, other__in=ids)
