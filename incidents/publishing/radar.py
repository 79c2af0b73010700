"""The unannounced-change radar: which versions people run against what the changelog says of them."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from incidents.catalog.models import Product
from incidents.changes.enums import ChangeKind
from incidents.changes.models import Change
from incidents.changes.queries import version_in
from incidents.documents.enums import DocumentKind
from incidents.publishing.models import Publication
from incidents.response.models import Statement

# A version that one reporter names may be a slip of the pen; use or a release in the log is none.
LEAST_TICKETS = 3
_DIMENSION = "version"
_CHANGELOG = re.compile(r"change[\s_-]*log|release[\s_-]*notes|/releases/", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Shipped:
    """A version that went out: where it was seen, since when, and when users could read of it."""

    version: str
    first_at: dt.datetime | None = None
    in_log: bool = False
    use: float = 0.0
    n_tickets: float = 0.0
    told_at: dt.datetime | None = None
    told_by: str = ""
    # When users could no longer read of it, where the entry was taken out again.
    removed_on: dt.date | None = None
    change_ids: list[int] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Tell whether users cannot read of it: it never had an entry, or has it no more."""
        return self.told_at is None or self.removed_on is not None

    @property
    def delay(self) -> dt.timedelta | None:
        """Return the time from the first sight to the entry; None while there is none, never negative."""
        if self.told_at is None or self.first_at is None:
            return None
        return max(self.told_at - self.first_at, dt.timedelta(0))

    def seen(self, at: dt.datetime | None) -> None:
        """Remember the earliest sight."""
        if at is not None and (self.first_at is None or at < self.first_at):
            self.first_at = at

    def told(self, at: dt.datetime, by: str) -> None:
        """Remember the earliest entry."""
        if self.told_at is None or at < self.told_at:
            self.told_at, self.told_by = at, by


def shipped_versions(product: Product) -> list[Shipped]:
    """Return the versions that went out, the newest first; each with its entry in the changelog, if it has one."""
    found: dict[str, Shipped] = {}
    _from_log(product, found)
    _from_use(product, found)
    _from_tickets(product, found)
    shipped = {key: one for key, one in found.items() if one.in_log or one.use > 0 or one.n_tickets >= LEAST_TICKETS}
    for version, at, by in _entries(product, shipped):
        shipped[version].told(at, by)
    for version, at, removed_on in _withdrawn(product, shipped):
        one = shipped[version]
        if one.told_at is None or one.removed_on is not None:
            one.told(at, "notice")
            one.removed_on = max(removed_on, one.removed_on or removed_on)
    return sorted(shipped.values(), key=lambda one: (_numbers(one.version), one.version), reverse=True)


def unannounced_versions(product: Product) -> list[Shipped]:
    """Return the versions that users cannot read of, the newest first."""
    return [one for one in shipped_versions(product) if one.is_silent]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))


def _plain(version: str) -> str:
    return version.strip().lstrip("vV")


def _is_version(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,4}(?:\.\d{1,4}){1,3}", text))


def _from_log(product: Product, found: dict[str, Shipped]) -> None:
    rows = Change.objects.filter(product=product, visibility="public").values_list(
        "pk",
        "kind",
        "title",
        "started_at",
        "ended_at",
        "carried_by_version",
        "fixed_in_version",
        "announced_at",
        "url",
        "extra",
    )
    for pk, kind, title, started, ended, carried, fixed, announced, url, extra in rows:
        is_release = kind == ChangeKind.CLIENT_RELEASE.value
        for version, at in ((carried or (version_in(title) if is_release else ""), started), (fixed, ended)):
            if not _is_version(_plain(version)):
                continue
            one = found.setdefault(_plain(version), Shipped(version=_plain(version)))
            one.in_log = True
            one.seen(at)
            if is_release and version != fixed:
                one.change_ids.append(pk)
                if announced is not None:
                    one.told(announced, "announced")
                elif _CHANGELOG.search(url):
                    one.told(started, "its page in the changelog")
                one.removed_on = one.removed_on or _removed_on(extra)


def _rows(statement: str, product: Product) -> list[tuple[str, dt.datetime | None, float]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"product": product.pk, "dimension": _DIMENSION})
        return [(_plain(version), at, float(amount)) for version, at, amount in cursor.fetchall() if version]


def _from_use(product: Product, found: dict[str, Shipped]) -> None:
    statement = """
        select s.values ->> %(dimension)s, min(e.at), sum(e.count)
        from incidents_exposurecount e join incidents_segment s on s.id = e.segment_id
        where e.product_id = %(product)s and s.values ? %(dimension)s and e.count > 0 group by 1
    """
    for version, at, amount in _rows(statement, product):
        if _is_version(version):
            one = found.setdefault(version, Shipped(version=version))
            one.use += amount
            one.seen(at)


def _from_tickets(product: Product, found: dict[str, Shipped]) -> None:
    statement = """
        select s.values ->> %(dimension)s, min(t.reported_at), sum(t.weight)
        from incidents_ticket t join incidents_segment s on s.id = t.segment_id
        where t.product_id = %(product)s and s.values ? %(dimension)s group by 1
    """
    for version, at, amount in _rows(statement, product):
        if _is_version(version):
            one = found.setdefault(version, Shipped(version=version))
            one.n_tickets += amount
            one.seen(at)


def _removed_on(extra: Mapping[str, Any]) -> dt.date | None:
    """Return the day that the log's member `entry_removed_on` names; None where it names none."""
    try:
        return dt.date.fromisoformat(str(extra.get("entry_removed_on", ""))[:10])
    except ValueError:
        return None


def _withdrawn(product: Product, shipped: dict[str, Shipped]) -> Iterator[tuple[str, dt.datetime, dt.date]]:
    """Yield (version, when told, day of withdrawal) of each mention in a notice that was withdrawn."""
    zone = ZoneInfo(product.timezone)
    gone = Publication.objects.filter(product=product, kind=DocumentKind.NOTICE, is_current=True)
    rows = gone.exclude(withdrawn_at=None).order_by("withdrawn_at", "pk")
    for title, body, at, withdrawn_at in rows.values_list("title", "body", "published_at", "withdrawn_at"):
        day = withdrawn_at.astimezone(zone).date() if withdrawn_at else at.date()
        yield from ((version, at, day) for version in _named(f"{title}\n{body}", shipped))


def _entries(product: Product, shipped: dict[str, Shipped]) -> Iterator[tuple[str, dt.datetime, str]]:
    """Yield (version, when, where) of each mention in what users could read: published notices, the changelog."""
    notices = Publication.objects.filter(product=product, kind=DocumentKind.NOTICE, withdrawn_at=None)
    for title, body, at in notices.values_list("title", "body", "published_at"):
        yield from ((version, at, "notice") for version in _named(f"{title}\n{body}", shipped))
    said = Statement.objects.filter(incident__product=product)
    for channel, text, at in said.values_list("channel", "text", "at"):
        if _CHANGELOG.search(channel):
            yield from ((version, at, channel) for version in _named(text, shipped))


_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4}){1,3})(?![\w]|\.\d)")


def _named(text: str, shipped: dict[str, Shipped]) -> set[str]:
    return {version for version in _VERSION.findall(text) if version in shipped}
