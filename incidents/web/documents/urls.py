"""Addresses of the documents pages."""

from django.urls import path

from incidents.web.documents import actions, assistant, comments, editions, files, history, redaction, templates, views

urlpatterns = [
    path("documents/", views.documents, name="documents"),
    path("documents/templates/", templates.templates, name="templates"),
    path("documents/templates/new/", templates.new_template, name="template-new"),
    path("documents/templates/policy/", templates.policy, name="document-policy"),
    path("documents/templates/<int:template_id>/", templates.template, name="template"),
    path("documents/templates/<int:template_id>/preview/", templates.template_preview, name="template-preview"),
    path("documents/templates/<int:template_id>/retire/", templates.retire, name="template-retire"),
    path(
        "documents/templates/<int:template_id>/versions/<int:number>/",
        templates.template_revision,
        name="template-revision",
    ),
    path("documents/<int:document_id>/", views.document, name="document"),
    path("documents/<int:document_id>/audiences/", editions.editions, name="document-editions"),
    path(
        "documents/<int:document_id>/audiences/notice/",
        actions.new_segment_notice,
        name="segment-notice-draft",
    ),
    path("documents/<int:document_id>/cut-anew/", actions.renew_segment_notice, name="segment-notice-renew"),
    path("documents/<int:document_id>/preview/", views.preview, name="document-preview"),
    path("documents/<int:document_id>/evidence/", views.evidence, name="document-evidence"),
    path("documents/<int:document_id>/draft.<slug:form>", files.draft_file, name="document-file"),
    path("documents/<int:document_id>/claims/", actions.update_claims, name="document-claims"),
    path("documents/<int:document_id>/vouch/", actions.vouch_claim, name="document-vouch"),
    path("documents/<int:document_id>/comments/", comments.comment, name="document-comment"),
    path(
        "documents/<int:document_id>/comments/<int:comment_id>/answer/",
        comments.answer,
        name="document-comment-answer",
    ),
    path(
        "documents/<int:document_id>/comments/<int:comment_id>/resolve/",
        comments.resolve,
        name="document-comment-resolve",
    ),
    path(
        "documents/<int:document_id>/comments/<int:comment_id>/decide/",
        comments.decide,
        name="document-suggestion",
    ),
    path("documents/<int:document_id>/copy/", comments.keep, name="document-keep"),
    path("documents/<int:document_id>/copy/discard/", comments.discard, name="document-copy-discard"),
    path("documents/<int:document_id>/assistant/", assistant.assistant, name="document-assistant"),
    path("documents/<int:document_id>/mask/", redaction.mask, name="document-mask"),
    path("documents/<int:document_id>/sign-off/", redaction.sign_off, name="document-sign-off"),
    path("documents/dictionary/", redaction.dictionary, name="dictionary"),
    path("documents/dictionary/<int:name_id>/remove/", redaction.forget, name="dictionary-remove"),
    path("documents/<int:document_id>/review/", actions.decide_review, name="document-review"),
    path("documents/<int:document_id>/review/request/", actions.ask_review, name="document-review-request"),
    path("documents/<int:document_id>/revisions/", history.revisions, name="document-revisions"),
    path("documents/<int:document_id>/revisions/<int:number>/", history.revision, name="document-revision"),
    path("documents/<int:document_id>/revisions/<int:number>/restore/", actions.restore, name="document-restore"),
    path("cases/<int:case_id>/documents/", views.case_documents, name="case-documents"),
    path("cases/<int:case_id>/documents/take-in/", files.take_in, name="postmortem-take-in"),
    path("cases/<int:case_id>/documents/postmortem/", actions.new_postmortem, name="postmortem-draft"),
    path("cases/<int:case_id>/changes/<int:change_id>/notice/", actions.new_notice, name="notice-draft"),
]
