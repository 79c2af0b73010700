"""What the catalogue answers: products a person may see, roles, dimensions, symptoms, segments that match a filter."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.catalog.models import Dimension, Membership, Product, Segment, Source, Symptom
from incidents.core.access import Action, Role, allowed
from incidents.core.errors import NotPermitted, NotThere

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

# How a filter names "the ticket does not say".
UNKNOWN = ""


def roles_of(user: "User | AnonymousUser", product: Product) -> frozenset[Role]:
    """Return the person's roles for the product; a superuser is its administrator."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset({Role.ADMINISTRATOR})
    rows = Membership.objects.filter(Q(product=product) | Q(product=None), user=user)
    return frozenset(Role(role) for role in rows.values_list("role", flat=True))


def permitted(user: "User | AnonymousUser", action: Action, product: Product) -> bool:
    """Tell whether the person may do this to the product's objects."""
    return allowed(roles_of(user, product), action)


def require(user: "User | AnonymousUser", action: Action, product: Product) -> None:
    """Raise NotThere where the person may not even view the product, NotPermitted where only the action is refused."""
    roles = roles_of(user, product)
    if not allowed(roles, Action.VIEW):
        raise NotThere("There is no such page, or it is not yours to see.")
    if not allowed(roles, action):
        raise NotPermitted(
            f"Your role does not include “{action.value.replace('_', ' ')}” for {product.name}: "
            "ask an administrator of the product for it."
        )


def administers_all(user: "User | AnonymousUser") -> bool:
    """Tell whether the person is an administrator of all products: who may make new ones."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or Membership.objects.filter(user=user, product=None, role=Role.ADMINISTRATOR).exists()


def visible_products(user: "User | AnonymousUser") -> QuerySet[Product]:
    """Return the products whose objects the person may view."""
    if not user.is_authenticated or not user.is_active:
        return Product.objects.none()
    if user.is_superuser:
        return Product.objects.all()
    memberships = Membership.objects.filter(user=user)
    if memberships.filter(product=None).exists():
        return Product.objects.all()
    return Product.objects.filter(pk__in=memberships.values("product"))


def products_permitting(user: "User | AnonymousUser", action: Action) -> QuerySet[Product]:
    """Return the products for which the person may do this: one question, however many products."""
    if not user.is_authenticated or not user.is_active:
        return Product.objects.none()
    if user.is_superuser:
        return Product.objects.all()
    roles = [role for role in Role if allowed(frozenset({role}), action)]
    held = Membership.objects.filter(user=user, role__in=roles)
    return Product.objects.filter(Exists(held.filter(Q(product=None) | Q(product=OuterRef("pk")))))


def product_by_slug(user: "User | AnonymousUser", slug: str) -> Product:
    """Return one product that the person may view; raise NotThere otherwise."""
    product = visible_products(user).filter(slug=slug).first()
    if product is None:
        raise NotThere("There is no such product, or it is not yours to see.")
    return product


def dimensions_of(product: Product) -> QuerySet[Dimension]:
    """Return the product's segment dimensions with their values, in order."""
    return Dimension.objects.filter(product=product).prefetch_related("values")


def symptoms_of(product: Product) -> QuerySet[Symptom]:
    """Return the symptoms in use, in order."""
    return Symptom.objects.filter(product=product, retired_at=None)


def sources_of(product: Product) -> QuerySet[Source]:
    """Return the places that the product's rows come from."""
    return Source.objects.filter(product=product).order_by("name")


SegmentFilter = Mapping[str, Iterable[str]]


def segment_condition(chosen: SegmentFilter, *, column: str = "values") -> Q:
    """Return the condition on a segment pattern: per dimension any of the values; UNKNOWN stands for "not stated"."""
    condition = Q()
    for dimension, wanted in sorted(chosen.items()):
        values = set(wanted)
        one = Q()
        if UNKNOWN in values:
            one |= ~Q(**{f"{column}__has_key": dimension})
        known = sorted(values - {UNKNOWN})
        if known:
            one |= Q(**{f"{column}__{dimension}__in": known})
        condition &= one
    return condition


def matching_segment_ids(product: Product, chosen: SegmentFilter) -> list[int] | None:
    """Return the ids of the patterns that match, or None where nothing is filtered (every pattern matches)."""
    if not any(True for _ in chosen):
        return None
    rows = Segment.objects.filter(segment_condition(chosen), product=product)
    return list(rows.values_list("id", flat=True))


def compatible_segment_ids(product: Product, scope: Mapping[str, Any]) -> list[int]:
    """Return the patterns that a change's scope may hold: each scoped dimension has one of its values or is unknown."""
    soft = {dimension: [*values, UNKNOWN] for dimension, values in scope.items()}
    rows = Segment.objects.filter(segment_condition(soft), product=product)
    return list(rows.values_list("id", flat=True))
