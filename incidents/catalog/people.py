"""People and their roles: who may give them, adding a colleague, taking a role back, closing an account."""

import secrets
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, Q, QuerySet

from incidents.catalog.models import Membership, Product
from incidents.core.access import Role
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady, NotThere, Problem

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

__all__ = [
    "Product",
    "add_person",
    "administered_products",
    "administers_everything",
    "give_role",
    "people_for",
    "person_for",
    "renew_password",
    "require_administrator",
    "set_active",
    "take_role",
]


def administers_everything(user: "User | AnonymousUser") -> bool:
    """Tell whether the person administers all products, and so people themselves."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or Membership.objects.filter(user=user, product=None, role=Role.ADMINISTRATOR).exists()


def administered_products(user: "User | AnonymousUser") -> QuerySet[Product]:
    """Return the products for which the person may give roles."""
    if administers_everything(user):
        return Product.objects.all()
    if not user.is_authenticated or not user.is_active:
        return Product.objects.none()
    held = Membership.objects.filter(user=user, role=Role.ADMINISTRATOR)
    return Product.objects.filter(pk__in=held.values("product"))


def require_administrator(user: "User | AnonymousUser") -> None:
    """Raise NotThere for everyone who administers nothing: the page must not even be known."""
    if not administers_everything(user) and not administered_products(user).exists():
        raise NotThere("There is no such page, or it is not yours to see.")


def people_for(user: "User | AnonymousUser") -> "QuerySet[User]":
    """Return the people whom the person may see: all, or those with a role in a product that they administer."""
    users: QuerySet[User] = get_user_model().objects.order_by("-is_active", "username")
    roles = Membership.objects.select_related("product").order_by("product__name", "role")
    users = users.prefetch_related(Prefetch("memberships", queryset=roles))
    if administers_everything(user):
        return users
    mine = administered_products(user).values("pk")
    return users.filter(Q(memberships__product__in=mine) | Q(pk=user.pk)).distinct()


def _require_everything(actor: "User") -> None:
    if not administers_everything(actor):
        raise NotPermitted("Only an administrator of all products may do this.")


def _require_role_giver(actor: "User", product: Product | None) -> None:
    if administers_everything(actor):
        return
    if product is None or not administered_products(actor).filter(pk=product.pk).exists():
        raise NotPermitted("You can give and take roles only for products that you administer.")


def _refuse(field: str, message: str, remedy: str) -> InputError:
    return InputError([Problem(file="person", line=None, field=field, message=message, remedy=remedy)])


@transaction.atomic
def add_person(
    *, actor: "User", username: str, name: str = "", email: str = "", role: Role, product: Product | None
) -> "tuple[User, str]":
    """Create an account with a role; return it and its first password, which is shown once and stored nowhere."""
    _require_role_giver(actor, product)
    username = username.strip()
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise _refuse("username", "that is no usable name", "use letters, digits and @ . + - _") from error
    password = secrets.token_urlsafe(12)
    first, _, last = " ".join(name.split()).partition(" ")
    try:
        with transaction.atomic():
            person = get_user_model().objects.create_user(
                username=username, password=password, email=email.strip(), first_name=first[:150], last_name=last[:150]
            )
    except IntegrityError as error:
        raise Conflict(f"There is already somebody called “{username}”: choose another name.") from error
    Membership.objects.create(user=person, role=role.value, product=product)
    record_audit(
        actor=actor,
        action="person added",
        subject=person,
        product_id=product.pk if product else None,
        detail={"role": role.value, "product": product.slug if product else None},
    )
    return person, password


@transaction.atomic
def give_role(*, actor: "User", person: "User", role: Role, product: Product | None) -> Membership:
    """Give a person a role for one product, or for all of them."""
    _require_role_giver(actor, product)
    membership, is_new = Membership.objects.get_or_create(user=person, role=role.value, product=product)
    if is_new:
        record_audit(
            actor=actor,
            action="role given",
            subject=person,
            product_id=product.pk if product else None,
            detail={"role": role.value, "product": product.slug if product else None},
        )
    return membership


@transaction.atomic
def take_role(*, actor: "User", membership_id: int) -> None:
    """Take a role back; it is gone with the person's next request."""
    membership = Membership.objects.select_related("user", "product").filter(pk=membership_id).first()
    if membership is None:
        return
    _require_role_giver(actor, membership.product)
    record_audit(
        actor=actor,
        action="role taken",
        subject=membership.user,
        product_id=membership.product_id,
        detail={"role": membership.role, "product": membership.product.slug if membership.product else None},
    )
    membership.delete()


@transaction.atomic
def set_active(*, actor: "User", person: "User", active: bool) -> None:
    """Close an account or open it again; what the person wrote stays under their name."""
    _require_everything(actor)
    if person.pk == actor.pk:
        raise NotReady("You cannot close the account you are signed in with.")
    if person.is_superuser and not actor.is_superuser:
        raise NotPermitted("Only a superuser may close a superuser's account.")
    person.is_active = active
    person.save(update_fields=["is_active"])
    record_audit(actor=actor, action="account opened" if active else "account closed", subject=person)


@transaction.atomic
def renew_password(*, actor: "User", person: "User") -> str:
    """Give a person a new first password and return it; it ends their sessions."""
    _require_everything(actor)
    if person.is_superuser and not actor.is_superuser:
        raise NotPermitted("Only a superuser may renew a superuser's password.")
    password = secrets.token_urlsafe(12)
    person.set_password(password)
    person.save(update_fields=["password"])
    record_audit(actor=actor, action="password renewed", subject=person)
    return password


def person_for(user: "User | AnonymousUser", pk: int) -> "User":
    """Return one person whom the asker may see; raise NotThere otherwise."""
    person = people_for(user).filter(pk=pk).first()
    if person is None:
        raise NotThere("There is no such person, or it is not yours to see.")
    return person
