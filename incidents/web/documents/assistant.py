"""The assistant's answer beside what was asked: accept or refuse; nothing is stored."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from incidents.core.access import Action
from incidents.core.errors import InputError, NotReady
from incidents.documents.assistant.services import AssistantError, Task, propose
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in


@require_POST
@login_required
@no_store
def assistant(request: HttpRequest, document_id: int) -> HttpResponse:
    """Ask for other words for a section and show how they differ."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    task = Task.SHORTEN if request.POST.get("task") == Task.SHORTEN else Task.POLISH
    context: dict[str, object] = {}
    try:
        context["proposal"] = propose(
            actor=signed_in(request), document=document, task=task, text=request.POST.get("section", "")
        )
    except InputError as refused:
        context["problem"] = f"{refused.problems[0].message}: {refused.problems[0].remedy}."
    except (AssistantError, NotReady) as error:
        context["problem"] = str(error)
    return render(request, "documents/assistant.html", context)
