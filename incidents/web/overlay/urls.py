"""Addresses of the overlay pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
