"""What every page of a case shows around its content: title, status, window, tabs, what the reader may do."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from incidents.catalog.queries import roles_of
from incidents.core.access import Action, allowed
from incidents.response.queries import incident_for, zone_of

TABS = (
    ("overlay", "Overlay", "case"),
    ("attribution", "Attribution", "attribution"),
    ("tickets", "Tickets", "case-tickets"),
    ("timeline", "Timeline", "case-timeline"),
    ("documents", "Documents", "case-documents"),
    ("settings", "Settings", "case-settings"),
)


def case_context(request: HttpRequest, case_id: int, tab: str, action: Action = Action.VIEW) -> dict[str, Any]:
    """Return the context of a case's page: `incident`, `zone`, `tabs`, `tab`, `may` (a set of action names).

    Raises NotThere or NotPermitted as `incident_for` does.
    """
    incident = incident_for(request.user, case_id, action)
    roles = roles_of(request.user, incident.product)
    may = {one.value for one in Action if allowed(roles, one)}
    return {
        "incident": incident,
        "case_id": incident.pk,
        "zone": zone_of(incident),
        "display_zone": zone_of(incident),
        "tabs": [
            {"label": label, "url": reverse(name, kwargs={"case_id": incident.pk}), "is_current": key == tab}
            for key, label, name in TABS
            if key != "settings" or Action.EDIT_CASE.value in may
        ],
        "tab": tab,
        "may": may,
        "section": "cases",
    }
