"""Addresses of the case pages."""

from django.urls import path

from incidents.web.cases import publicity, views

urlpatterns = [
    path("", views.home, name="home"),
    path("cases/", views.cases, name="cases"),
    path("cases/new/", views.case_new, name="case-new"),
    path("cases/<int:case_id>/timeline/", views.case_timeline, name="case-timeline"),
    path("cases/<int:case_id>/publicity/", publicity.case_publicity, name="case-publicity"),
    path("cases/<int:case_id>/settings/", views.case_settings, name="case-settings"),
    path("cases/<int:case_id>/freezes/", views.case_freeze, name="case-freeze"),
    path("cases/<int:case_id>/duties/", views.case_duty, name="case-duty"),
]
