"""The templates that a product may begin from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.errors import NotThere
from incidents.documents.enums import TemplateKind
from incidents.documents.models import DocumentPolicy, DocumentTemplate, TemplateRevision
from incidents.documents.templates.builtin import BUILT_IN

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

__all__ = [
    "DocumentTemplate",
    "TemplateChoice",
    "policy_of",
    "revisions_of_template",
    "template_choices",
    "template_for",
    "template_named",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """A template as it can be chosen: a built-in one, or the newest text of a stored one."""

    key: str
    kind: TemplateKind
    name: str
    about: str
    source: str
    version: int = 0
    pk: int | None = None
    is_default: bool = False

    @property
    def told(self) -> str:
        """Return how the history names it."""
        return f"template “{self.name}”" + (f", version {self.version}" if self.version else "")


def policy_of(product: Product, kind: str) -> DocumentPolicy:
    """Return how the product writes one kind of document; an unsaved row with the defaults where nothing is set."""
    found = DocumentPolicy.objects.filter(product=product, kind=kind).first()
    return found or DocumentPolicy(product=product, kind=kind)


def template_choices(product: Product, kind: TemplateKind) -> list[TemplateChoice]:
    """Return the templates of a kind, built-in ones first; exactly one is the default."""
    stored = DocumentTemplate.objects.filter(product=product, kind=kind, is_retired=False)
    found = [
        TemplateChoice(key=one.key, kind=one.kind, name=one.name, about=one.about, source=one.source)
        for one in BUILT_IN
        if one.kind == kind
    ]
    found += [
        TemplateChoice(
            key=f"t{row.pk}",
            kind=kind,
            name=row.name,
            about=f"Version {row.version}",
            source=row.source,
            version=row.version,
            pk=row.pk,
        )
        for row in stored
    ]
    wanted = policy_of(product, kind).template
    default = wanted if any(one.key == wanted for one in found) else found[0].key
    return [_with_default(one, default) for one in found]


def _with_default(one: TemplateChoice, default: str) -> TemplateChoice:
    return TemplateChoice(
        key=one.key,
        kind=one.kind,
        name=one.name,
        about=one.about,
        source=one.source,
        version=one.version,
        pk=one.pk,
        is_default=one.key == default,
    )


def template_named(product: Product, kind: TemplateKind, key: str = "") -> TemplateChoice:
    """Return the template of that key, the product's default for ""; raise NotThere for an unknown key."""
    for one in template_choices(product, kind):
        if one.key == key or (not key and one.is_default):
            return one
    raise NotThere("There is no such template (any more): choose another.")


def template_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> DocumentTemplate:
    """Return one stored template if the person may do this to it."""
    row = DocumentTemplate.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product").first()
    if row is None:
        raise NotThere("There is no such template, or it is not yours to see.")
    require(user, action, row.product)
    return row


def revisions_of_template(template: DocumentTemplate) -> QuerySet[TemplateRevision]:
    """Return a template's versions, the newest first."""
    return TemplateRevision.objects.filter(template=template).select_related("author")
