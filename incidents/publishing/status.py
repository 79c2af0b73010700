"""Public incidents, as status pages tell them: every public text of one case, in the order in which it came out."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.catalog.models import Product
from incidents.publishing.enums import IncidentStep
from incidents.publishing.models import Publication
from incidents.publishing.queries import public_publications

_RANK = {IncidentStep.IDENTIFIED: 0, IncidentStep.RESOLVED: 1, IncidentStep.POSTMORTEM: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """One incident; `updates` are its public texts, the newest first, at least one."""

    key: uuid.UUID
    product: Product
    updates: tuple[Publication, ...]

    @property
    def step(self) -> str:
        """Return how far the public texts take it."""
        return max((row.incident_step for row in self.updates), key=lambda step: _RANK[IncidentStep(step)])

    @property
    def is_open(self) -> bool:
        """Tell whether readers were told what happens, but not yet that it is over."""
        return self.step == IncidentStep.IDENTIFIED

    @property
    def name(self) -> str:
        """Return the title of the text that takes it furthest."""
        furthest = [row for row in self.updates if row.incident_step == self.step]
        return furthest[0].title

    @property
    def began_at(self) -> dt.datetime:
        """Return when it began to be felt, as far as the public texts say; else when it was first told."""
        effects = [row.effective_at for row in self.updates if row.incident_step == IncidentStep.IDENTIFIED]
        known = [at for at in effects if at is not None]
        return min(known, default=min(row.published_at for row in self.updates))

    @property
    def told_at(self) -> dt.datetime:
        """Return when the last word came out."""
        return self.updates[0].published_at

    @property
    def resolved_at(self) -> dt.datetime | None:
        """Return when it was over: the effect of the last notice of a remedy, else when the postmortem came out."""
        if self.is_open:
            return None
        fixes = [row for row in self.updates if row.incident_step == IncidentStep.RESOLVED]
        if fixes:
            return max(row.effective_at or row.published_at for row in fixes)
        return min(row.published_at for row in self.updates if row.incident_step == IncidentStep.POSTMORTEM)


def public_incidents(products: Iterable[Product], *, most: int = 50) -> list[PublicIncident]:
    """Return the products' public incidents, the last told first."""
    rows = public_publications().filter(product__in=products).exclude(incident_key=None).order_by("-published_at")
    updates: dict[uuid.UUID, list[Publication]] = {}
    for row in rows[:1000]:
        assert row.incident_key is not None  # noqa: S101 - excluded above, said for the type checker
        updates.setdefault(row.incident_key, []).append(row)
    found = [PublicIncident(key=key, product=texts[0].product, updates=tuple(texts)) for key, texts in updates.items()]
    return found[:most]
