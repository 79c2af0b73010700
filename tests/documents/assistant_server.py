"""A local server that speaks both chat APIs; the model's name says how it behaves."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    """Answers with the text it was sent, changed as the model's name says."""

    server: "AssistantServer"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
        model = body["model"]
        if model.startswith("status-"):
            self.send_response(int(model.removeprefix("status-")))
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if model == "silent":
            self.server.release.wait(20)
            return
        told = self.server.answer(body["messages"][-1]["content"])
        is_anthropic = "messages" in self.path
        if model == "whole":
            self._whole(told, is_anthropic)
        else:
            self._stream(told, model, is_anthropic)

    def _whole(self, told: str, is_anthropic: bool) -> None:
        answer: dict[str, Any] = (
            {"content": [{"type": "text", "text": told}], "stop_reason": "end_turn"}
            if is_anthropic
            else {"choices": [{"message": {"content": told}, "finish_reason": "stop"}]}
        )
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _stream(self, told: str, model: str, is_anthropic: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        pieces = [told[at : at + 20] for at in range(0, len(told), 20)]
        try:
            for number, piece in enumerate(pieces):
                if model == "breaks-off" and number == len(pieces) // 2:
                    return
                if model == "trickles":
                    time.sleep(0.3)
                self._event(self._words(piece, is_anthropic), is_anthropic)
            self._end("max_tokens" if model == "cut" else "", is_anthropic)
        except (BrokenPipeError, ConnectionResetError):
            return

    def _words(self, piece: str, is_anthropic: bool) -> dict[str, Any]:
        if is_anthropic:
            return {"type": "content_block_delta", "delta": {"type": "text_delta", "text": piece}}
        return {"choices": [{"delta": {"content": piece}, "finish_reason": None}]}

    def _end(self, cut: str, is_anthropic: bool) -> None:
        if is_anthropic:
            self._event({"type": "message_delta", "delta": {"stop_reason": cut or "end_turn"}}, True)
            self._event({"type": "message_stop"}, True)
        else:
            self._event({"choices": [{"delta": {}, "finish_reason": "length" if cut else "stop"}]}, False)
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, event: dict[str, Any], is_anthropic: bool) -> None:
        name = f"event: {event['type']}\n" if is_anthropic else ""
        self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()


class AssistantServer(ThreadingHTTPServer):
    """Keeps what it was asked; `answer` makes the text."""

    daemon_threads = False

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, Any]] = []
        self.answer = lambda text: text
        self.release = threading.Event()

    @property
    def url(self) -> str:
        """Return the base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def assistant_server() -> Iterator[AssistantServer]:
    """Run the server until the block ends."""
    server = AssistantServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
