"""Writing the catalogue: products, their dimensions and symptoms, sources, memberships, interned segments."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import orjson
from django.db import connection, transaction

from incidents.catalog.enums import SourceKind
from incidents.catalog.models import Membership, Product, Source
from incidents.core.access import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_REMEMBERED_SEGMENTS = 100_000
_FIND_SEGMENTS = """
SELECT s.digest, s.id FROM jsonb_object_keys(%(patterns)s::jsonb) AS wanted (digest)
JOIN incidents_segment s ON s.product_id = %(product)s AND s.digest = wanted.digest
"""
_ADD_SEGMENTS = """
INSERT INTO incidents_segment (product_id, digest, values)
SELECT %(product)s, wanted.key, wanted.value FROM jsonb_each(%(patterns)s::jsonb) AS wanted
ORDER BY wanted.key
ON CONFLICT DO NOTHING
"""


def segment_digest(values: Mapping[str, str]) -> str:
    """Return the digest under which a pattern is interned; the order of its dimensions does not matter."""
    return hashlib.md5(orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS), usedforsecurity=False).hexdigest()


@transaction.atomic
def intern_segments(*, product: Product, patterns: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """Make sure that each pattern has its row; return {digest: id} for all of them."""
    wanted = {segment_digest(pattern): dict(pattern) for pattern in patterns}
    # One JSON text instead of arrays: thousands of patterns are quoted once, and fast.
    parameters: dict[str, int | str] = {"product": product.pk, "patterns": orjson.dumps(wanted).decode()}
    with connection.cursor() as cursor:
        cursor.execute(_FIND_SEGMENTS, parameters)
        known: dict[str, int] = dict(cursor.fetchall())
        if len(known) < len(wanted):
            cursor.execute(_ADD_SEGMENTS, parameters)
            cursor.execute(_FIND_SEGMENTS, parameters)
            known = dict(cursor.fetchall())
    return known


class SegmentNumbers:
    """The ids of segment patterns, remembered while many rows pass: `learn` a batch, then ask `of` each row."""

    def __init__(self, product: Product) -> None:
        """Start empty."""
        self._product = product
        self._known: dict[tuple[tuple[str, str], ...], int] = {}

    def learn(self, patterns: Iterable[Mapping[str, str]]) -> None:
        """Intern the patterns that were not met yet."""
        if len(self._known) > _REMEMBERED_SEGMENTS:
            self._known.clear()
        new = {key: dict(key) for key in {tuple(sorted(pattern.items())) for pattern in patterns} - self._known.keys()}
        if new:
            ids = intern_segments(product=self._product, patterns=new.values())
            self._known |= {key: ids[segment_digest(pattern)] for key, pattern in new.items()}

    def of(self, pattern: Mapping[str, str]) -> int:
        """Return the id of a pattern that was learnt."""
        return self._known[tuple(sorted(pattern.items()))]


def ensure_source(*, product: Product, key: str, name: str, kind: SourceKind = SourceKind.BUNDLE) -> Source:
    """Return the product's source of that key, made if there is none."""
    source, _ = Source.objects.get_or_create(product=product, key=key, defaults={"kind": kind, "name": name})
    return source


def neighbour_keys(source: Source) -> frozenset[str]:
    """Return the short names of the product's other sources."""
    rows = Source.objects.filter(product=source.product_id).exclude(pk=source.pk)
    return frozenset(rows.values_list("key", flat=True))


def has_neighbours(source: Source) -> bool:
    """Tell whether the product has other sources, which may tell the same facts."""
    return Source.objects.filter(product=source.product_id).exclude(pk=source.pk).exists()


def manual_source(*, product: Product) -> Source:
    """Return the source of what people enter by hand."""
    return ensure_source(product=product, key="manual", name="Entered by hand", kind=SourceKind.MANUAL)


def grant_role(*, user: "User", role: Role, product: Product | None = None) -> Membership:
    """Give a person a role for one product, or for all of them."""
    membership, _ = Membership.objects.get_or_create(user=user, product=product, role=role)
    return membership
