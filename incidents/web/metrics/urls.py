"""Addresses of the metric pages."""

from django.urls import path

from incidents.web.metrics import views

urlpatterns = [
    path("metrics/", views.metrics, name="metrics"),
    path("metrics/<int:metric_id>/", views.metric, name="metric"),
]
