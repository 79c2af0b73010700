"""Addresses of the public pages."""

from django.urls import path

from incidents.web.public import feeds, views

urlpatterns = [
    path("p/", views.home, name="public-home"),
    path("p/<slug:product_slug>/", views.changelog, name="public-changelog"),
    path("p/<slug:product_slug>/changes/<slug:slug>/", views.notice, name="public-notice"),
    path("p/<slug:product_slug>/postmortems/", views.postmortems, name="public-postmortems"),
    path("p/<slug:product_slug>/postmortems/<slug:slug>/", views.postmortem, name="public-postmortem"),
    path("p/<slug:product_slug>/feed.atom", feeds.everything, name="public-feed"),
    path("p/<slug:product_slug>/changelog.atom", feeds.changelog, name="public-changelog-feed"),
    path("p/<slug:product_slug>/postmortems.atom", feeds.postmortems, name="public-postmortems-feed"),
]
