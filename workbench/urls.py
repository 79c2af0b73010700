"""All addresses: the machine's edge, the person's edge, the administration."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("incidents.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("incidents.web.urls")),
]
