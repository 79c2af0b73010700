"""The mails that subscribers get: plain text with HTML beside it, one click to leave (RFC 8058)."""

import hashlib
from collections.abc import Mapping, Sequence
from email.utils import formataddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from incidents.documents.enums import DocumentKind
from incidents.publishing.exports.sheet import day
from incidents.publishing.models import Publication
from incidents.publishing.subscribers.models import Subscriber
from incidents.publishing.themes import theme_for


def public_root(subscriber: Subscriber) -> str:
    """Return scheme and host of the pages that letters lead to, without a slash at the end."""
    domain = theme_for(subscriber.product).domain
    return f"https://{domain}" if domain else settings.PUBLIC_URL.rstrip("/")


def page_of(subscriber: Subscriber, publication: Publication) -> str:
    """Return a publication's absolute address."""
    route = "public-notice" if publication.kind == DocumentKind.NOTICE else "public-postmortem"
    path = reverse(route, kwargs={"product_slug": subscriber.product.slug, "slug": publication.slug})
    return public_root(subscriber) + path


def letter_to_confirm(subscriber: Subscriber, pace: str) -> EmailMultiAlternatives:
    """Return the letter that asks whether the subscription is wanted."""
    path = reverse("public-confirm", kwargs={"token": subscriber.token, "pace": pace})
    context = {"confirm_url": public_root(subscriber) + path, "pace": pace}
    return _letter(subscriber, f"Confirm: news of {subscriber.product.name}", "confirm", context, key=f"confirm/{pace}")


def letter_of(subscriber: Subscriber, publications: Sequence[Publication]) -> EmailMultiAlternatives:
    """Return the letter about one publication, or a digest of several."""
    items = [
        {
            "title": row.title,
            "summary": row.summary,
            "correction": row.correction,
            "kind": row.get_heading_display() if row.heading else row.get_kind_display(),
            "day": day(row.effective_at or row.published_at, ZoneInfo(row.timezone)),
            "url": page_of(subscriber, row),
        }
        for row in publications
    ]
    first = publications[0]
    if len(publications) == 1:
        subject = f"{'Corrected: ' if first.correction else ''}{first.title}"
    else:
        subject = f"{subscriber.product.name}: {len(publications)} news"
    key = "/".join(str(row.pk) for row in publications)
    return _letter(subscriber, subject, "news", {"items": items}, key=key)


def _letter(
    subscriber: Subscriber, subject: str, name: str, context: Mapping[str, object], *, key: str
) -> EmailMultiAlternatives:
    leave = public_root(subscriber) + reverse("public-unsubscribe", kwargs={"token": subscriber.token})
    look = theme_for(subscriber.product)
    shared = dict(context) | {"product": subscriber.product, "site_name": look.site_name, "leave_url": leave}
    host = urlsplit(public_root(subscriber)).hostname or "localhost"
    # The same letter keeps its id, so that one sent twice after a crash is seen as one.
    mark = hashlib.sha256(f"{subscriber.token}/{key}".encode()).hexdigest()[:32]
    letter = EmailMultiAlternatives(
        subject=" ".join(subject.split())[:200],
        body=render_to_string(f"sent/{name}.txt", shared),
        from_email=formataddr((look.site_name, settings.MAIL_FROM)),
        to=[subscriber.address],
        headers={
            "Message-ID": f"<{mark}@{host}>",
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    letter.attach_alternative(render_to_string(f"sent/{name}.html", shared), "text/html")
    return letter
