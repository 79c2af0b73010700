"""`{% load privacy %}`: customers' words without personal data and secrets."""

from django import template

from incidents.tickets import privacy

register = template.Library()


@register.filter
def masked(text: object) -> str:
    """Return the text with what is private replaced by what it is; it is escaped like any other text."""
    return privacy.masked(str(text)) if text else ""
