"""Addresses of the tickets pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
