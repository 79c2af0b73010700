"""Addresses of the people page."""

from django.urls import path

from incidents.web.members import views

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<int:person_id>/", views.person, name="person"),
    path("people/roles/<int:membership_id>/end/", views.role_end, name="role-end"),
]
