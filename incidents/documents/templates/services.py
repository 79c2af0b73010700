"""Keeping a product's own templates, and choosing which one a document begins from and who must approve it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action, Role
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, InputError, Problem
from incidents.documents.audiences import check_marks
from incidents.documents.enums import TemplateKind
from incidents.documents.models import DocumentPolicy, DocumentTemplate, TemplateRevision
from incidents.documents.rendering import check_source
from incidents.documents.templates.builtin import SLOTS
from incidents.documents.templates.queries import template_named
from incidents.documents.templating import check_template

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _checked(kind: TemplateKind, source: str) -> str:
    source = source.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"
    check_source(source)
    check_template(source, SLOTS[kind])
    check_marks(source)
    return source


@transaction.atomic
def create_template(*, actor: "User", product: Product, kind: TemplateKind, name: str, source: str) -> DocumentTemplate:
    """Keep a new template. Raises InputError for a slot that does not exist or a name that is taken."""
    require(actor, Action.PUBLISH, product)
    name = " ".join(name.split())
    taken = DocumentTemplate.objects.filter(product=product, kind=kind, name__iexact=name).exists()
    if not name or len(name) > 120 or taken:
        message = "a template of this name exists already" if taken else "a name has 1 to 120 characters"
        raise InputError([Problem(file="template", line=None, field="name", message=message, remedy="give another")])
    row = DocumentTemplate.objects.create(product=product, kind=kind, name=name, source=_checked(kind, source))
    _remember(row, actor, "Created")
    return row


@transaction.atomic
def save_template(
    *, actor: "User", template: DocumentTemplate, source: str, seen_version: int, note: str = ""
) -> DocumentTemplate:
    """Save the next version of a template; documents that were drafted from earlier ones stay as they are."""
    require(actor, Action.PUBLISH, template.product)
    row = DocumentTemplate.objects.select_for_update(of=("self",)).select_related("product").get(pk=template.pk)
    if row.version != seen_version:
        raise Conflict(f"Somebody saved version {row.version} of this template meanwhile: reload and look at it first.")
    source = _checked(TemplateKind(row.kind), source)
    if source == row.source:
        return row
    row.source, row.version = source, row.version + 1
    row.save(update_fields=["source", "version", "updated_at"])
    _remember(row, actor, note)
    return row


def _remember(row: DocumentTemplate, actor: "User", note: str) -> None:
    TemplateRevision.objects.create(
        template=row, number=row.version, source=row.source, note=" ".join(note.split())[:300], author=actor
    )
    record_audit(
        actor=actor,
        action="template saved",
        subject=row,
        product_id=row.product_id,
        detail={"version": row.version, "name": row.name},
    )


@transaction.atomic
def retire_template(*, actor: "User", template: DocumentTemplate, retired: bool = True) -> None:
    """Offer a template no more (or again); its versions stay."""
    require(actor, Action.PUBLISH, template.product)
    DocumentTemplate.objects.filter(pk=template.pk).update(is_retired=retired)
    action = "template retired" if retired else "template brought back"
    record_audit(actor=actor, action=action, subject=template, product_id=template.product_id)


@transaction.atomic
def set_policy(
    *, actor: "User", product: Product, kind: TemplateKind, template: str, required_roles: Sequence[str]
) -> DocumentPolicy:
    """Choose the template that documents of a kind begin from, and the roles that must all approve them."""
    require(actor, Action.PUBLISH, product)
    template_named(product, kind, template)
    approving = approving_roles()
    roles = [role.value for role in Role if role.value in required_roles]
    if any(role not in approving for role in roles):
        message, remedy = "a role is named that cannot approve", f"choose among {', '.join(approving)}"
        raise InputError([Problem(file="policy", line=None, field="roles", message=message, remedy=remedy)])
    row, _ = DocumentPolicy.objects.update_or_create(
        product=product, kind=kind, defaults={"template": template, "required_roles": roles}
    )
    record_audit(
        actor=actor,
        action="document policy set",
        subject=row,
        product_id=product.pk,
        detail={"kind": kind.value, "template": template, "roles": roles},
    )
    return row


def approving_roles() -> list[str]:
    """Return the roles whose approval a product may ask for."""
    return [Role.ENGINEER.value, Role.COMMS.value, Role.ADMINISTRATOR.value]
