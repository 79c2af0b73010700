"""Addresses of the metrics pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
