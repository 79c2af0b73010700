"""Addresses of jobs: their progress, their end."""

from django.urls import path

from incidents.web.jobs import views

urlpatterns = [
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<int:job_id>/again/", views.job_again, name="job-again"),
]
