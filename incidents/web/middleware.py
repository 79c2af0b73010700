"""Turning the workbench's own errors into pages: what cannot be seen is 404, what may not be done is 403."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady, NotThere, WorkbenchError

_PAGES: list[tuple[type[WorkbenchError], int, str]] = [
    (NotThere, 404, "404.html"),
    (NotPermitted, 403, "403.html"),
    (Conflict, 409, "409.html"),
    (NotReady, 409, "409.html"),
    (InputError, 400, "400.html"),
]


class WorkbenchErrors:
    """Answers a WorkbenchError that a view did not handle with its page and status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer the project's own errors; leave the others to Django."""
        for kind, status, template in _PAGES:
            if isinstance(exception, kind):
                return render(request, template, {"reason": str(exception)}, status=status)
        return None
