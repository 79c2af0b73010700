"""Public answers are made once for each state of the site: kept compressed, conditional, the same for every reader.

What a public address answers depends on the site's mark, the host and the address alone, so an answer kept under all
three is right by itself: a publication, a correction, a withdrawal or a new look moves the mark in its own
transaction, and from its commit on no process finds what it kept. The mark is read before the answer is made; an answer
that is newer than its mark is possible, an older one is not.
"""

import gzip
import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date

from incidents.publishing.site import SiteMark, site_mark
from incidents.web.overlay.kept import Answer, Kept

KEPT = Kept(most=64 * 2**20)
# Under which form an answer's headers are kept: all forms share them.
_ALL = "all"
_PLACES = ("/p/", "/api/v2/", "/robots.txt")
_COMPRESSION = 6
# Smaller answers gain nothing.
_LEAST = 200
_PACKABLE = ("text/", "application/json", "application/xml", "application/atom", "application/rss", "application/feed")


class PublicAnswers:
    """Answers what is kept, keeps what may be kept; knows no cookie, so that nothing of a reader gets into a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or pass on."""
        if not request.path_info.startswith(_PLACES):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        mark = site_mark()
        # A question of a reader's own (a search) is answered, but not kept.
        is_kept = mark is not None and not request.META.get("QUERY_STRING")
        key = (
            mark.mark.hex if mark else "",
            request.scheme or "",
            request.META.get("HTTP_HOST", ""),
            request.path_info,
        )
        answer = KEPT.get(key) if is_kept else None
        if answer is None:
            response = self.get_response(request)
            if response.status_code != 200 or not _is_public(response):
                return response
            answer = _packed(response, mark)
            if is_kept:
                KEPT.put(key, answer)
        return _sent(request, answer)


def _is_public(response: HttpResponse) -> bool:
    """Tell whether the view said that anyone may keep it (`caching.public`)."""
    is_said = response.headers.get("Cache-Control", "").startswith("public")
    return is_said and not response.streaming and not response.cookies and "Content-Encoding" not in response.headers


def _packed(response: HttpResponse, mark: SiteMark | None) -> Answer:
    body = response.content
    # The tag names the content, whichever way it travels.
    response.headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    # Marks that follow each other within a second are dated ahead, so that no two share a date.
    if mark is not None and mark.changed_at <= timezone.now():
        response.headers["Last-Modified"] = http_date(mark.changed_at.timestamp())
    # What stands before the views says "Cookie", but none came this far.
    response.headers["Vary"] = "Accept-Encoding"
    is_text = response.headers["Content-Type"].startswith(_PACKABLE)
    compressed = gzip.compress(body, _COMPRESSION, mtime=0) if is_text and len(body) >= _LEAST else b""
    headers = tuple((name, value) for name, value in response.headers.items() if name != "Content-Length")
    return Answer(body=body, compressed=compressed, tag=response.headers["ETag"], headers={_ALL: headers})


def _sent(request: HttpRequest, answer: Answer) -> HttpResponse:
    is_packed = bool(answer.compressed) and _takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    body = answer.compressed if is_packed else answer.body
    response = HttpResponse(body, headers=dict(answer.headers[_ALL]))
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(body))
    dated = response.headers.get("Last-Modified")
    at = parse_http_date(dated) if dated else None
    return get_conditional_response(request, etag=answer.tag, last_modified=at, response=response) or response


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
