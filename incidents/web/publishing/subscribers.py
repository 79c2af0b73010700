"""Subscribers for staff: how many read, which webhooks and rooms hear, what did not get through."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from incidents.catalog.queries import product_by_slug, require
from incidents.core.access import Action
from incidents.core.errors import InputError, NotReady
from incidents.publishing.subscribers.queries import (
    Channel,
    Product,
    dead_deliveries,
    delivery_of,
    hooks_of,
    readers_of,
    subscriber_of,
)
from incidents.publishing.subscribers.services import add_hook, remove_subscriber, renew_secret, send_again
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def subscribers_page(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show who hears; add a webhook or a room."""
    product = _product(request, product_slug)
    error, fresh = "", None
    address, channel = request.POST.get("address", ""), request.POST.get("channel", Channel.WEBHOOK)
    if request.method == "POST":
        try:
            fresh = add_hook(actor=signed_in(request), product=product, channel=channel, address=address)
        except InputError as refused:
            problem = refused.problems[0]
            error = f"{problem.message[:1].upper()}{problem.message[1:]}: {problem.remedy}."
        else:
            address = ""
    return _page(request, product, error=error, fresh=fresh, address=address, channel=channel)


@require_POST
@login_required
@no_store
def subscriber_action(request: HttpRequest, product_slug: str, subscriber_id: int) -> HttpResponse:
    """Remove a webhook or room, or give a webhook a new secret, which is shown this once."""
    product = _product(request, product_slug)
    row = subscriber_of(product, subscriber_id)
    if request.POST.get("do") == "secret" and row.channel == Channel.WEBHOOK:
        fresh = renew_secret(actor=signed_in(request), subscriber=row)
        return _page(request, product, fresh=fresh)
    if request.POST.get("do") == "remove":
        remove_subscriber(actor=signed_in(request), subscriber=row)
        messages.success(request, "Removed. Nothing more is sent there.")
    return redirect("subscribers", product_slug=product.slug)


@require_POST
@login_required
@no_store
def delivery_again(request: HttpRequest, product_slug: str, delivery_id: int) -> HttpResponse:
    """Send again what was given up."""
    product = _product(request, product_slug)
    try:
        send_again(actor=signed_in(request), delivery=delivery_of(product, delivery_id))
    except NotReady as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is on its way again.")
    return redirect("subscribers", product_slug=product.slug)


def _product(request: HttpRequest, product_slug: str) -> Product:
    product = product_by_slug(request.user, product_slug)
    require(request.user, Action.PUBLISH, product)
    return product


def _page(request: HttpRequest, product: Product, **more: object) -> HttpResponse:
    context = {
        "section": "publish",
        "product": product,
        "hooks": list(hooks_of(product)),
        "readers": readers_of(product),
        "dead": list(dead_deliveries(product)[:50]),
        "channels": [choice for choice in Channel.choices if choice[0] != Channel.EMAIL],
        "channel": Channel.WEBHOOK,
        **more,
    }
    return render(request, "publishing/subscribers.html", context, status=422 if more.get("error") else 200)
