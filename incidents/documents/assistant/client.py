"""Speaks to one configured endpoint, by the chat API of OpenAI or the messages API of Anthropic, as a stream.

The address comes from the settings alone: nothing that a person types or a server answers (a redirect) leads elsewhere.
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from incidents.core.errors import WorkbenchError

MAX_ANSWER = 200_000
_MAX_TOKENS = 4_096


class AssistantError(WorkbenchError):
    """The assistant gave no usable answer; the message says why, and never holds the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to ask. `api` is "openai" or "anthropic", `seconds` the time for the whole answer."""

    url: str
    api: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = 60.0


def complete(endpoint: Endpoint, *, system: str, text: str) -> str:
    """Return the model's whole answer. Raises AssistantError for anything but a complete one, in time."""
    until = time.monotonic() + endpoint.seconds
    try:
        return _ask(endpoint, system, text, until)
    except TimeoutError:
        raise AssistantError(f"No answer within {endpoint.seconds:g} seconds. Try again, or less text.") from None
    except (OSError, http.client.HTTPException) as error:
        raise AssistantError(f"The assistant cannot be reached ({type(error).__name__}). Is it running?") from None


def _ask(endpoint: Endpoint, system: str, text: str, until: float) -> str:
    parts = urlsplit(endpoint.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AssistantError("WORKBENCH_ASSISTANT_URL is no http or https address.")
    secure = parts.scheme == "https"
    left = max(0.05, until - time.monotonic())
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(parts.hostname, parts.port, timeout=left, context=ssl.create_default_context())
        if secure
        else http.client.HTTPConnection(parts.hostname, parts.port, timeout=left)
    )
    try:
        path, headers, body = _request(endpoint, parts.path.rstrip("/"), system, text)
        connection.request("POST", path, body=json.dumps(body), headers=headers)
        # Kept by itself: the connection forgets it when the server closes after the answer.
        wire = connection.sock
        with connection.getresponse() as response:
            if response.status != 200:
                raise AssistantError(_refusal(response.status))
            return _read(wire, response, endpoint.api, until)
    finally:
        connection.close()


def _request(endpoint: Endpoint, base: str, system: str, text: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "User-Agent": "incident-workbench"}
    body: dict[str, Any] = {"model": endpoint.model, "stream": True, "max_tokens": _MAX_TOKENS}
    if endpoint.api == "anthropic":
        headers |= {"anthropic-version": "2023-06-01", "x-api-key": endpoint.key}
        body |= {"system": system, "messages": [{"role": "user", "content": text}]}
        return (base if base.endswith("/v1") else f"{base}/v1") + "/messages", headers, body
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    body["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return f"{base}/chat/completions", headers, body


def _refusal(status: int) -> str:
    told = {
        401: "it does not accept the key: check WORKBENCH_ASSISTANT_KEY",
        403: "it does not accept the key: check WORKBENCH_ASSISTANT_KEY",
        404: "there is no such address or model: check WORKBENCH_ASSISTANT_URL and WORKBENCH_ASSISTANT_MODEL",
        429: "it has too much to do: try again in a minute",
    }
    if 300 <= status < 400:
        return f"The assistant answered {status}: it points elsewhere, and that is not followed."
    return f"The assistant answered {status}: {told.get(status, 'try again later')}."


def _read(wire: socket.socket, response: http.client.HTTPResponse, api: str, until: float) -> str:
    if "text/event-stream" not in (response.headers.get("Content-Type") or ""):
        return _whole(response.read(MAX_ANSWER + 1), api)
    answer: list[str] = []
    size = 0
    for event in _events(wire, response, until):
        if event == "[DONE]":
            return "".join(answer)
        words, ends = _piece(_json(event), api)
        answer.append(words)
        size += len(words)
        if size > MAX_ANSWER:
            raise AssistantError("The answer is too long to be one of ours.")
        if ends:
            return "".join(answer)
    raise AssistantError("The answer broke off. Try again.")


def _events(wire: socket.socket, response: http.client.HTTPResponse, until: float) -> Iterator[str]:
    """Yield the data of each event; each read has what is left of the time."""
    total = 0
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        wire.settimeout(left)
        line = response.readline(MAX_ANSWER)
        if not line:
            return
        total += len(line)
        if total > 20 * MAX_ANSWER:
            raise AssistantError("The answer is too long to be one of ours.")
        if line.startswith(b"data:"):
            yield line[5:].strip().decode("utf-8", errors="replace")


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise AssistantError("The answer is not of this kind of endpoint: check WORKBENCH_ASSISTANT_API.") from None
    return found if isinstance(found, dict) else {}


def _piece(event: dict[str, Any], api: str) -> tuple[str, bool]:
    """Return the words of one event and whether the answer is complete with it."""
    if event.get("type") == "error" or "error" in event:
        raise AssistantError("The assistant reported an error in the middle of its answer. Try again.")
    if api == "anthropic":
        delta = event.get("delta") or {}
        _check_end(str(delta.get("stop_reason") or ""))
        return str(delta.get("text") or ""), event.get("type") == "message_stop"
    choices = event.get("choices") or [{}]
    _check_end(str(choices[0].get("finish_reason") or ""))
    return str((choices[0].get("delta") or {}).get("content") or ""), False


def _whole(raw: bytes, api: str) -> str:
    """Read an answer that came in one piece, from servers that do not stream."""
    found = _json(raw.decode("utf-8", errors="replace"))
    if "error" in found:
        raise AssistantError("The assistant reported an error. Try again.")
    if api == "anthropic":
        _check_end(str(found.get("stop_reason") or ""))
        return "".join(str(part.get("text") or "") for part in found.get("content") or [])
    choices = found.get("choices") or [{}]
    _check_end(str(choices[0].get("finish_reason") or ""))
    return str((choices[0].get("message") or {}).get("content") or "")


def _check_end(reason: str) -> None:
    if reason in ("length", "max_tokens"):
        raise AssistantError("The answer was cut short. Choose a shorter section.")
    if reason in ("content_filter", "refusal"):
        raise AssistantError("The assistant declined to answer.")
