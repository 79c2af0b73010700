"""Addresses of the jobs pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
