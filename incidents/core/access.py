"""Who may do what: four roles, the actions each includes, and one question, `allowed`.

Roles are held per product (`catalog.models.Membership`); an administrator's role may hold for all products.
"""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What a person does with the workbench."""

    SUPPORT = "support", "Support"
    ENGINEER = "engineer", "Engineer"
    COMMS = "comms", "Comms"
    ADMINISTRATOR = "administrator", "Administrator"


class Action(StrEnum):
    """What can be done to a product and to what belongs to it."""

    VIEW = "view"
    TRIAGE = "triage"
    SEE_PRIVATE = "see_private"
    EDIT_CHANGES = "edit_changes"
    EDIT_CASE = "edit_case"
    IMPORT = "import"
    EXPORT = "export"
    ATTRIBUTE = "attribute"
    PROMOTE_CHANGE = "promote_change"
    EDIT_DOCUMENT = "edit_document"
    REQUEST_REVIEW = "request_review"
    APPROVE_DOCUMENT = "approve_document"
    PUBLISH = "publish"
    ADMINISTER = "administer"


_EVERYONE = frozenset({Action.VIEW, Action.EXPORT})
PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.SUPPORT: _EVERYONE | {Action.TRIAGE, Action.SEE_PRIVATE},
    Role.ENGINEER: _EVERYONE
    | {
        Action.TRIAGE,
        Action.EDIT_CHANGES,
        Action.EDIT_CASE,
        Action.IMPORT,
        Action.ATTRIBUTE,
        Action.PROMOTE_CHANGE,
        Action.EDIT_DOCUMENT,
        Action.REQUEST_REVIEW,
        Action.APPROVE_DOCUMENT,
    },
    Role.COMMS: _EVERYONE
    | {
        Action.ATTRIBUTE,
        Action.EDIT_DOCUMENT,
        Action.REQUEST_REVIEW,
        Action.APPROVE_DOCUMENT,
        Action.PUBLISH,
    },
    Role.ADMINISTRATOR: frozenset(Action),
}


def allowed(roles: frozenset[Role], action: Action) -> bool:
    """Tell whether any of the roles includes the action."""
    return any(action in PERMISSIONS[role] for role in roles)
