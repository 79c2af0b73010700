"""Addresses of the overlay pages."""

from django.urls import URLPattern, path

from incidents.web.overlay import panels, pins, scratch, views

urlpatterns: list[URLPattern] = [
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/overlay.json", views.overlay_data, name="overlay-data"),
    path("cases/<int:case_id>/overlay.csv", views.overlay_csv_view, name="overlay-csv"),
    path("cases/<int:case_id>/overlay/facets", views.overlay_facets, name="overlay-facets"),
    path("cases/<int:case_id>/overlay/selection", panels.selection, name="overlay-selection"),
    path("cases/<int:case_id>/overlay/selection/terms", panels.selection_terms, name="overlay-terms"),
    path("cases/<int:case_id>/overlay/pins", pins.pins, name="overlay-pins"),
    path("cases/<int:case_id>/overlay/evidence/<int:evidence_id>/back", pins.unpin, name="overlay-unpin"),
    path(
        "cases/<int:case_id>/overlay/changes/<int:change_id>/tickets",
        panels.change_tickets,
        name="overlay-change-tickets",
    ),
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
    path("cases/<int:case_id>/overlay/evidence", pins.pin, name="overlay-pin"),
]
