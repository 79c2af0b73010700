"""Addresses of the changes pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
