"""Addresses of the attribution pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
