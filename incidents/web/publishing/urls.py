"""Addresses of the publishing pages."""

from django.urls import path

from incidents.web.publishing import theme, views

urlpatterns = [
    path("publish/", views.board, name="publish"),
    path("publish/look/<slug:product_slug>/", theme.theme_page, name="public-theme-edit"),
    path("documents/<int:document_id>/publish/", views.publish_page, name="document-publish"),
    path("documents/<int:document_id>/withdraw/", views.withdraw_page, name="document-withdraw"),
]
