"""Addresses of the change log."""

from django.urls import path

from incidents.web.changes import apart, views

urlpatterns = [
    path("changes/", views.changes, name="changes"),
    path("changes/apart/", apart.changes_apart, name="changes-apart"),
    path("changes/apart/soon/", apart.changes_apart_soon, name="changes-apart-soon"),
    path("changes/new/", views.change_begin, name="change-begin"),
    path("changes/<int:change_id>/", views.change, name="change"),
    path("changes/<int:change_id>/edit/", views.change_edit, name="change-edit"),
    path("products/<slug:product_slug>/changes/new/", views.change_new, name="change-new"),
]
