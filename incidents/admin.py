"""The administration of what has no page of its own: products, roles, sources."""

from django.contrib import admin
from django.http import HttpRequest

from incidents.models import Dimension, DimensionValue, Job, Membership, Product, Source, Symptom


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Products."""

    list_display = ("name", "slug", "timezone", "is_demo")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who holds which role for which product; an empty product means all of them."""

    list_display = ("user", "role", "product")
    list_filter = ("role", "product")
    autocomplete_fields = ("user",)


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Where rows come from."""

    list_display = ("name", "product", "kind", "last_received_at")
    list_filter = ("product", "kind")


class DimensionValueInline(admin.TabularInline):  # type: ignore[type-arg]
    """The values of a dimension."""

    model = DimensionValue
    extra = 0


@admin.register(Dimension)
class DimensionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Dimensions and their values."""

    list_display = ("name", "key", "product", "position")
    list_filter = ("product",)
    inlines = (DimensionValueInline,)


@admin.register(Symptom)
class SymptomAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The taxonomy."""

    list_display = ("name", "key", "product", "position", "retired_at")
    list_filter = ("product",)


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Jobs, to be read: how they ended and why. They change through their services alone."""

    list_display = ("id", "kind", "state", "attempts", "created_by", "created_at", "finished_at", "error")
    list_filter = ("state", "kind")
    list_select_related = ("created_by",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a job by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Nobody deletes one."""
        return False
