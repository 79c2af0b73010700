"""Addresses of the publishing pages."""

from django.urls import path

from incidents.web.publishing import radar, subscribers, theme, views

urlpatterns = [
    path("publish/", views.board, name="publish"),
    path("publish/look/<slug:product_slug>/", theme.theme_page, name="public-theme-edit"),
    path("publish/subscribers/<slug:product_slug>/", subscribers.subscribers_page, name="subscribers"),
    path(
        "publish/subscribers/<slug:product_slug>/<int:subscriber_id>/",
        subscribers.subscriber_action,
        name="subscriber-action",
    ),
    path(
        "publish/subscribers/<slug:product_slug>/deliveries/<int:delivery_id>/",
        subscribers.delivery_again,
        name="delivery-again",
    ),
    path("documents/<int:document_id>/publish/", views.publish_page, name="document-publish"),
    path("publish/radar/", radar.radar, name="radar"),
    path("publish/reminders/", radar.wish, name="reminders"),
    path("documents/<int:document_id>/unschedule/", views.unschedule_page, name="document-unschedule"),
    path("documents/<int:document_id>/withdraw/", views.withdraw_page, name="document-withdraw"),
]
