"""Who is asking."""

from django.contrib.auth.models import User
from django.http import HttpRequest

from incidents.core.errors import NotPermitted


def signed_in(request: HttpRequest) -> User:
    """Return the person who is signed in, typed as such; raise NotPermitted for an anonymous reader."""
    if not isinstance(request.user, User):
        raise NotPermitted("Sign in to do this.")
    return request.user
