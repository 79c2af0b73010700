"""Addresses of the overlay pages."""

from django.urls import URLPattern, path

from incidents.web.overlay import panels, scratch, views

urlpatterns: list[URLPattern] = [
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/overlay.json", views.overlay_data, name="overlay-data"),
    path("cases/<int:case_id>/overlay.csv", views.overlay_csv_view, name="overlay-csv"),
    path("cases/<int:case_id>/overlay/facets", views.overlay_facets, name="overlay-facets"),
    path("cases/<int:case_id>/overlay/selection", panels.selection, name="overlay-selection"),
    path("cases/<int:case_id>/overlay/statements", panels.statements, name="overlay-statements"),
    path("cases/<int:case_id>/overlay/changes/<int:change_id>", panels.change, name="overlay-change"),
    path("cases/<int:case_id>/overlay/changes/<int:change_id>/scratch", scratch.scratch, name="overlay-scratch"),
    path(
        "cases/<int:case_id>/overlay/changes/<int:change_id>/scratch/answer",
        scratch.scratch_answer,
        name="overlay-scratch-answer",
    ),
    path(
        "cases/<int:case_id>/overlay/changes/<int:change_id>/scratch/save",
        scratch.save_scratch,
        name="overlay-scratch-save",
    ),
    path("cases/<int:case_id>/overlay/evidence", panels.pin, name="overlay-pin"),
]
