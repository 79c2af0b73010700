"""Addresses of the publishing pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
