"""Addresses of the sources pages: where rows come from, imports, exports."""

from django.urls import path

from incidents.web.sources import views

urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/import/", views.import_form, name="import"),
    path("sources/import/<int:job_id>/", views.import_result, name="import-result"),
    path("sources/import/<int:job_id>/problems.csv", views.import_problems, name="import-problems"),
    path("cases/<int:case_id>/export.zip", views.case_export, name="case-export"),
]
