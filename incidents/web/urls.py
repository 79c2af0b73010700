"""The person's edge: every room's addresses."""

from django.urls import include, path

urlpatterns = [
    path("", include("incidents.web.accounts.urls")),
    path("", include("incidents.web.members.urls")),
    path("", include("incidents.web.cases.urls")),
    path("", include("incidents.web.overlay.urls")),
    path("", include("incidents.web.attribution.urls")),
    path("", include("incidents.web.documents.urls")),
    path("", include("incidents.web.changes.urls")),
    path("", include("incidents.web.tickets.urls")),
    path("", include("incidents.web.metrics.urls")),
    path("", include("incidents.web.sources.urls")),
    path("", include("incidents.web.publishing.urls")),
    path("", include("incidents.web.public.urls")),
    path("", include("incidents.web.jobs.urls")),
]
