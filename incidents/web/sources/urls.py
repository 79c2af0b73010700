"""Addresses of the sources pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
