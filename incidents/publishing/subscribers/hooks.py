"""What webhooks and chat rooms get. Webhooks are signed as Standard Webhooks 1.0.0 lays down."""

import base64
import datetime as dt
import hashlib
import hmac
from typing import Any

import orjson

from incidents.core.outbound import post
from incidents.publishing.models import Publication
from incidents.publishing.subscribers.enums import Channel
from incidents.publishing.subscribers.letters import page_of
from incidents.publishing.subscribers.models import Delivery, Subscriber


def send_hook(delivery: Delivery, *, now: dt.datetime) -> int:
    """Send one delivery and return the status; raises NotSent."""
    subscriber, publication = delivery.subscriber, delivery.publication
    if subscriber.channel == Channel.SLACK:
        body = orjson.dumps(_chat_message(subscriber, publication))
        return post(subscriber.address, body=body, headers={"Content-Type": "application/json; charset=utf-8"})
    body = orjson.dumps(_event(subscriber, publication))
    # The id stays the same over all attempts: who hears twice can tell.
    message_id = f"msg_{publication.content_hash[:16]}_{delivery.pk}"
    stamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "incident-workbench",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(
            sign(secret, message_id, stamp, body) for secret in (subscriber.secret, subscriber.former_secret) if secret
        ),
    }
    return post(subscriber.address, body=body, headers=headers)


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """Return one signature: HMAC-SHA256 of id, time and body, in base64, with the scheme's version before it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = message_id.encode() + b"." + stamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _event(subscriber: Subscriber, publication: Publication) -> dict[str, Any]:
    published = publication.published_at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "type": "publication.corrected" if publication.correction else "publication.published",
        "timestamp": published,
        "data": {
            "product": subscriber.product.slug,
            "kind": publication.kind,
            "heading": publication.heading or None,
            "readers": publication.readers or None,
            "title": publication.title,
            "summary": publication.summary,
            "correction": publication.correction or None,
            "url": page_of(subscriber, publication),
            "content_hash": publication.content_hash,
        },
    }


def _chat_message(subscriber: Subscriber, publication: Publication) -> dict[str, Any]:
    """Return a message that Slack and what copies it can show; the text alone says it all."""
    url = page_of(subscriber, publication)
    before = "Corrected: " if publication.correction else ""
    title, summary = _chat_text(publication.title), _chat_text(publication.correction or publication.summary)
    text = f"{subscriber.product.name}: {before}{publication.title} {url}"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"*<{url}|{before}{title}>*\n{summary}"[:2900]}}
    return {"text": _chat_text(text), "blocks": [section]}


def _chat_text(text: str) -> str:
    """Return the text with the three signs escaped that chat rooms read as their own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
