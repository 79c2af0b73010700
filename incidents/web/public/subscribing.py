"""Readers subscribe by mail: ask, confirm, leave. Without cookies; the secret is the link that only its owner has.

Opening a link changes nothing (mail scanners open all of them): a button does. Leaving also works by the one POST that
mail programs send (RFC 8058).
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.core.errors import InputError
from incidents.publishing.queries import public_product
from incidents.publishing.subscribers.queries import Pace, with_token
from incidents.publishing.subscribers.services import ask_to_subscribe, confirm, unsubscribe
from incidents.web.public.views import frame

View = Callable[..., HttpResponse]


def open_form(view: View) -> View:
    """Let anyone send the form: there is no session that another site could ride on."""
    return csrf_exempt(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


@open_form
def subscribe(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show the form, or write the wish down and send the letter that asks to confirm it."""
    product = public_product(product_slug)
    context = frame(product, "subscribe") | {"paces": Pace.choices, "pace": Pace.INSTANT, "address": "", "error": ""}
    if request.method != "POST":
        return render(request, "public/subscribe.html", context)
    address, pace = request.POST.get("address", "").replace("\x00", ""), request.POST.get("pace", "")
    try:
        ask_to_subscribe(product=product, address=address, pace=pace)
    except InputError as refused:
        problem = refused.problems[0]
        context |= {"error": f"{problem.message}: {problem.remedy}".capitalize(), "address": address, "pace": pace}
        return render(request, "public/subscribe.html", context, status=422)
    return render(request, "public/subscribe_sent.html", context | {"address": address.strip()})


@open_form
def confirm_page(request: HttpRequest, token: str, pace: str) -> HttpResponse:
    """Ask once more with a button; pressed, letters begin."""
    row = with_token(token)
    if row is None:
        return render(request, "public/subscribe_over.html", {}, status=404)
    is_done = request.method == "POST"
    if is_done:
        row = confirm(token=token, pace=pace)
    context = frame(row.product) | {"address": row.address, "is_done": is_done, "pace": pace}
    return render(request, "public/subscribe_confirm.html", context)


@open_form
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask with a button; pressed, or posted by a mail program, the address is forgotten."""
    row = with_token(token)
    context = frame(row.product) | {"address": row.address} if row else {}
    if request.method == "POST":
        unsubscribe(token=token)
        return render(request, "public/subscribe_left.html", context)
    return render(request, "public/subscribe_leave.html" if row else "public/subscribe_left.html", context)
