"""The optional assistant: both APIs, streams, errors, time-outs; facts are locked; without it nothing shows."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.audit import audit_trail
from incidents.core.errors import InputError, NotPermitted, NotReady
from incidents.documents.assistant.client import AssistantError, Endpoint, complete
from incidents.documents.assistant.lock import violations
from incidents.documents.assistant.services import Task, propose
from tests.documents.assistant_server import AssistantServer, assistant_server
from tests.documents.stories import Story

TEXT = "It was really very slow, and [about 410](ev:run-x-excess) people wrote to us on 4 March about it.\n"
BETTER = "It was slow, and [about 410](ev:run-x-excess) people wrote to us about it on 4 March."


@pytest.fixture
def server() -> Iterator[AssistantServer]:
    """Return a running assistant."""
    with assistant_server() as running:
        yield running


def at(server: AssistantServer, api: str = "openai", model: str = "good", **more: Any) -> Endpoint:
    return Endpoint(url=server.url, api=api, model=model, key="a-key", **{"seconds": 5.0, **more})


@pytest.mark.parametrize("model", ["good", "whole"])
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_both_apis_are_spoken(server: AssistantServer, api: str, model: str) -> None:
    server.answer = lambda text: f"{text} Ünïcode “yes”."
    assert complete(at(server, api, model), system="S", text="T") == "T Ünïcode “yes”."
    [asked] = server.seen
    headers = {key.lower(): value for key, value in asked["headers"].items()}
    if api == "openai":
        assert asked["path"] == "/chat/completions"
        assert headers["authorization"] == "Bearer a-key"
        assert asked["body"]["messages"][0] == {"role": "system", "content": "S"}
    else:
        assert asked["path"] == "/v1/messages"
        assert headers["x-api-key"] == "a-key"
        assert headers["anthropic-version"] == "2023-06-01"
        assert asked["body"]["system"] == "S"
    assert asked["body"]["stream"] is True


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("status-401", "check WORKBENCH_ASSISTANT_KEY"),
        ("status-404", "check WORKBENCH_ASSISTANT_URL"),
        ("status-429", "too much to do"),
        ("status-500", "try again later"),
        ("status-302", "not followed"),
        ("breaks-off", "broke off"),
        ("cut", "cut short"),
    ],
)
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_errors_are_told_and_the_key_never(server: AssistantServer, api: str, model: str, told: str) -> None:
    with pytest.raises(AssistantError, match=told) as refused:
        complete(at(server, api, model), system="S", text="words " * 20)
    assert "a-key" not in str(refused.value)
    assert "a-key" not in repr(at(server))
    assert len(server.seen) == 1


@pytest.mark.parametrize("model", ["silent", "trickles"])
def test_the_time_is_for_the_whole_answer(server: AssistantServer, model: str) -> None:
    began = time.monotonic()
    with pytest.raises(AssistantError, match="No answer within"):
        complete(at(server, model=model, seconds=0.5), system="S", text="words " * 60)
    assert time.monotonic() - began < 5


def test_an_endpoint_that_is_not_there_and_one_that_is_no_address() -> None:
    with pytest.raises(AssistantError, match="cannot be reached"):
        complete(Endpoint(url="http://127.0.0.1:9", api="openai", model="m", seconds=2), system="S", text="T")
    with pytest.raises(AssistantError, match="no http or https address"):
        complete(Endpoint(url="file:///etc/passwd", api="openai", model="m"), system="S", text="T")


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (BETTER.replace("410](", "420]("), "alters a claim"),
        (BETTER.replace("[about 410](ev:run-x-excess)", "about 410"), "drops a claim"),
        (BETTER.replace("run-x-excess", "run-y-excess"), "alters a claim"),
        (BETTER + " All 3 of them.", "adds a number"),
        (BETTER.replace("4 March", "5 March"), "alters a number"),
        (BETTER.replace("4 March", "4 April"), "alters a date"),
        (BETTER.replace(" on 4 March", ""), "drops a number"),
        (BETTER.replace("people", "Larch people"), "adds a name"),
        (BETTER + " Twice.", "adds a date or number word"),
        (BETTER.replace("was slow", "was not slow"), "“not”"),
        (BETTER + " This was caused by load.", "causal statement"),
        ("## Summary\n\n" + BETTER, "adds a heading"),
        ("", "empty"),
    ],
)
def test_an_answer_that_touches_a_fact_is_refused(after: str, told: str) -> None:
    assert any(told in one for one in violations(TEXT, after)), violations(TEXT, after)


def test_other_words_for_the_same_facts_pass() -> None:
    assert violations(TEXT, BETTER) == []
    before = "## A\n\nLarch said “nothing changed” [[to be written: who]] in v3.1 on 10:05 PST[^1].\n"
    assert violations(before, before.replace("Larch said", "What Larch said:")) == []
    assert violations(before, before.replace("[[to be written: who]]", "")) != []
    assert violations(before, before.replace("nothing changed", "little changed")) != []


def configured(settings: Any, server: AssistantServer) -> None:
    settings.ASSISTANT_URL, settings.ASSISTANT_API = server.url, "openai"
    settings.ASSISTANT_MODEL, settings.ASSISTANT_KEY, settings.ASSISTANT_SECONDS = "good", "a-key", 5.0


def test_a_proposal_changes_nothing_and_is_in_the_trail(story: Story, server: AssistantServer, settings: Any) -> None:
    configured(settings, server)
    document = story.sound()
    server.answer = lambda text: "```markdown\n" + BETTER + "\n```"
    found = propose(actor=story.comms, document=document, task=Task.POLISH, text=TEXT)
    assert (found.after, found.refused) == (BETTER + "\n", ())
    document.refresh_from_db()
    assert document.version == 2
    assert audit_trail(document)[0].action == "assistant asked"
    server.answer = lambda text: BETTER.replace("410", "400")
    assert propose(actor=story.comms, document=document, task=Task.SHORTEN, text=TEXT).refused
    with pytest.raises(NotPermitted):
        propose(actor=story.support, document=document, task=Task.POLISH, text=TEXT)


@pytest.mark.parametrize(
    "text", ["[[internal: x]] words", "::: internal\nx\n:::\n", "Ask jo@example.org.", " ", "a" * 13_000]
)
def test_what_is_internal_or_private_is_not_sent(
    story: Story, server: AssistantServer, settings: Any, text: str
) -> None:
    configured(settings, server)
    with pytest.raises(InputError):
        propose(actor=story.comms, document=story.sound(), task=Task.POLISH, text=text)
    assert server.seen == []


def test_without_an_endpoint_no_button_shows(story: Story, server: AssistantServer, settings: Any) -> None:
    document = story.sound()
    client = Client()
    client.force_login(story.comms)
    here = reverse("document", kwargs={"document_id": document.pk})
    assert b"data-assistant" not in client.get(here).content
    with pytest.raises(NotReady):
        propose(actor=story.comms, document=document, task=Task.POLISH, text=TEXT)
    configured(settings, server)
    assert b"data-assistant" in client.get(here).content
    server.answer = lambda text: BETTER
    asked = reverse("document-assistant", kwargs={"document_id": document.pk})
    answer = client.post(asked, {"task": "polish", "section": TEXT}).content.decode()
    assert "Accept" in answer
    server.answer = lambda text: BETTER.replace("410", "400")
    answer = client.post(asked, {"task": "polish", "section": TEXT}).content.decode()
    assert "Refused: the facts are locked" in answer
    assert "data-assistant-accept" not in answer
