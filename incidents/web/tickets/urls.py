"""Addresses of the ticket pages."""

from django.urls import path

from incidents.web.tickets import quality, views

urlpatterns = [
    path("tickets/", views.tickets, name="tickets"),
    path("tickets/<int:ticket_id>/", views.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/decide/", views.ticket_decide, name="ticket-decide"),
    path("tickets/<int:ticket_id>/similar/", views.ticket_similar, name="ticket-similar"),
    path("tickets/<int:ticket_id>/raw/", views.ticket_raw, name="ticket-raw"),
    path("tickets/<int:ticket_id>/erase/", views.ticket_erase, name="ticket-erase"),
    path("triage/quality/", quality.quality, name="triage-quality"),
    path("triage/quality/<slug:slug>/train/", quality.quality_train, name="triage-train"),
    path("triage/quality/<slug:slug>/classify/", quality.quality_classify, name="triage-classify"),
    path("triage/quality/<slug:slug>/use/", quality.quality_use, name="triage-use"),
    path("cases/<int:case_id>/tickets/", views.case_tickets, name="case-tickets"),
]
