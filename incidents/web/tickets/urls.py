"""Addresses of the ticket pages."""

from django.urls import path

from incidents.web.tickets import views

urlpatterns = [
    path("tickets/", views.tickets, name="tickets"),
    path("tickets/<int:ticket_id>/", views.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/decide/", views.ticket_decide, name="ticket-decide"),
    path("cases/<int:case_id>/tickets/", views.case_tickets, name="case-tickets"),
]
