"""Addresses of the ticket pages."""

from django.urls import path

from incidents.web.tickets import answers, desk, quality, taxonomy, triage, views

urlpatterns = [
    path("tickets/", views.tickets, name="tickets"),
    path("tickets/<int:ticket_id>/", views.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/decide/", views.ticket_decide, name="ticket-decide"),
    path("tickets/<int:ticket_id>/similar/", views.ticket_similar, name="ticket-similar"),
    path("tickets/<int:ticket_id>/raw/", views.ticket_raw, name="ticket-raw"),
    path("tickets/<int:ticket_id>/erase/", views.ticket_erase, name="ticket-erase"),
    path("triage/", desk.inbox, name="inbox"),
    path("triage/<int:ticket_id>/", desk.card, name="inbox-card"),
    path("triage/<int:ticket_id>/act/", desk.act, name="inbox-act"),
    path("triage/<slug:slug>/act/", desk.act_on_many, name="inbox-act-many"),
    path("triage/<slug:slug>/views/", desk.view_save, name="inbox-view"),
    path("triage/symptoms/", taxonomy.symptom_list, name="triage-symptoms"),
    path("triage/symptoms/<slug:slug>/add/", taxonomy.symptom_add, name="triage-symptom-add"),
    path("triage/symptoms/<int:symptom_id>/", taxonomy.symptom, name="triage-symptom"),
    path("triage/symptoms/<int:symptom_id>/act/", taxonomy.symptom_act, name="triage-symptom-act"),
    path("triage/symptoms/steps/<int:change_id>/undo/", taxonomy.step_undo, name="triage-symptom-undo"),
    path("triage/answers/", answers.answer_list, name="triage-answers"),
    path("triage/answers/<slug:slug>/write/", answers.answer_write, name="triage-answer-write"),
    path("triage/answers/<int:answer_id>/act/", answers.answer_act, name="triage-answer-act"),
    path("triage/quality/", quality.quality, name="triage-quality"),
    path("triage/quality/<slug:slug>/train/", quality.quality_train, name="triage-train"),
    path("triage/quality/<slug:slug>/classify/", quality.quality_classify, name="triage-classify"),
    path("triage/quality/<slug:slug>/use/", quality.quality_use, name="triage-use"),
    path("tickets/<int:ticket_id>/segment/", triage.ticket_segment, name="ticket-segment"),
    path("triage/topics/", triage.topic_list, name="triage-topics"),
    path("triage/topics/<slug:slug>/refresh/", triage.search_again, {"what": "topics"}, name="triage-topics-refresh"),
    path("triage/topics/<int:topic_id>/decide/", triage.topic_decide, name="triage-topic"),
    path("triage/duplicates/", triage.duplicate_list, name="triage-duplicates"),
    path(
        "triage/duplicates/<slug:slug>/refresh/",
        triage.search_again,
        {"what": "duplicates"},
        name="triage-duplicates-refresh",
    ),
    path("triage/duplicates/<int:proposal_id>/decide/", triage.duplicate_decide, name="triage-duplicate"),
    path("triage/rules/", triage.rules, name="triage-rules"),
    path("triage/delays/", triage.delay_list, name="triage-delays"),
    path("triage/texts/", triage.texts, name="triage-texts"),
    path("triage/texts/<slug:slug>/set/", triage.texts_set, name="triage-texts-set"),
    path("cases/<int:case_id>/tickets/", views.case_tickets, name="case-tickets"),
]
