"""Addresses of the attribution pages."""

from django.urls import path

from incidents.web.attribution import accuracy, runs, sensitivity, views, whatif

urlpatterns = [
    path("cases/<int:case_id>/attribution/", views.attribution, name="attribution"),
    path("cases/<int:case_id>/attribution/run/", views.attribution_run, name="attribution-run"),
    path("cases/<int:case_id>/attribution/standing/", views.attribution_standing, name="attribution-standing"),
    path("cases/<int:case_id>/attribution/<int:change_id>/", views.attribution_change, name="attribution-change"),
    path(
        "cases/<int:case_id>/attribution/<int:change_id>/decide/", views.attribution_decide, name="attribution-decide"
    ),
    path("cases/<int:case_id>/attribution/what-if/", whatif.what_if, name="attribution-what-if"),
    path("cases/<int:case_id>/attribution/what-if/<int:job_id>/", whatif.what_if_result, name="what-if-result"),
    path("cases/<int:case_id>/attribution/what-if/<int:job_id>/keep/", whatif.what_if_keep, name="what-if-keep"),
    path("cases/<int:case_id>/attribution/scenarios/<int:scenario_id>/", whatif.scenario, name="scenario"),
    path(
        "cases/<int:case_id>/attribution/scenarios/<int:scenario_id>/forget/",
        whatif.scenario_forget,
        name="scenario-forget",
    ),
    path("cases/<int:case_id>/attribution/assumptions/", sensitivity.sensitivity, name="sensitivity"),
    path("cases/<int:case_id>/runs/", runs.run_history, name="runs"),
    path("cases/<int:case_id>/runs/compare/", runs.run_compare, name="runs-compare"),
    path("cases/<int:case_id>/runs/<int:run_id>/", runs.run_record, name="run"),
    path("accuracy/", accuracy.accuracy, name="accuracy"),
]
