"""Cases that a person may see, and what belongs to them."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from incidents.catalog.queries import require, visible_products
from incidents.catalog.versions import version_column
from incidents.changes.models import Change
from incidents.core.access import Action, Role
from incidents.core.errors import NotThere
from incidents.response.models import CandidateChange, Evidence, Incident, PublicityEvent, Statement

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def visible_incidents(user: "User | AnonymousUser") -> QuerySet[Incident]:
    """Return the cases of the person's products; a restricted one only to its people and to administrators."""
    rows = Incident.objects.filter(product__in=visible_products(user)).select_related("product", "source")
    if not user.is_authenticated or user.is_superuser:
        return rows
    administered = Q(product__memberships__user=user, product__memberships__role=Role.ADMINISTRATOR)
    everywhere = user.memberships.filter(product=None, role=Role.ADMINISTRATOR).exists()
    if everywhere:
        return rows
    return rows.filter(Q(restricted=False) | Q(duties__user=user) | administered).distinct()


def incident_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> Incident:
    """Return one case if the person may do this to it: the only door to a case.

    Raises NotThere where the case must not even be known, NotPermitted where only the action is refused.
    """
    incident = visible_incidents(user).filter(pk=pk).first()
    if incident is None:
        raise NotThere("There is no such case, or it is not yours to see.")
    require(user, action, incident.product)
    return incident


def visible_version(user: "User | AnonymousUser", pk: int) -> int:
    """Return the version of the data of a case that the person may view, with little asking: for answers made before.

    Raises NotThere where the case must not even be known.
    """
    rows = visible_incidents(user).filter(pk=pk).annotate(version=version_column("product_id"))
    row = rows.order_by().values_list("version").first()
    if row is None:
        raise NotThere("There is no such case, or it is not yours to see.")
    return int(row[0])


def zone_of(incident: Incident) -> ZoneInfo:
    """Return the case's own time zone: that of its bare dates and, unless the reader chose another, of its pages."""
    return ZoneInfo(incident.timezone)


def changes_of(incident: Incident) -> QuerySet[Change]:
    """Return the changes of the case: in force at some time of its window, or delivered with it."""
    return (
        Change.objects.filter(product=incident.product)
        .filter(
            Q(source=incident.source)
            | (Q(started_at__lt=incident.ends_at) & (Q(ended_at=None) | Q(ended_at__gt=incident.starts_at)))
        )
        .order_by("started_at", "id")
    )


def statements_of(incident: Incident) -> QuerySet[Statement]:
    """Return what was said in public, in order of time."""
    return Statement.objects.filter(incident=incident).order_by("at", "id")


def publicity_of(incident: Incident) -> QuerySet[PublicityEvent]:
    """Return the events that made people complain more everywhere at once."""
    return PublicityEvent.objects.filter(incident=incident)


def candidates_of(incident: Incident) -> dict[int, CandidateChange]:
    """Return what people hold of the changes of this case, by change id."""
    return {row.change_id: row for row in CandidateChange.objects.filter(incident=incident)}


def pinned_evidence(incident: Incident) -> QuerySet[Evidence]:
    """Return what was pinned, the newest first."""
    return Evidence.objects.filter(incident=incident).select_related("author")
