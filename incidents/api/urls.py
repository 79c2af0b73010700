"""Addresses of the machine's edge."""

from django.urls import path

from incidents.api import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
