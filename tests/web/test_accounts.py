"""Signing in and out, the lock, the password, preferences, the style guide's door."""

from http import HTTPStatus

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
PASSWORD = "four unrelated words stand here"


@pytest.fixture
def person() -> User:
    return User.objects.create_user("robin", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, **extra: str) -> object:
    return client.post(reverse("sign-in"), {"username": "robin", "password": password, **extra})


def test_signing_in_leads_home_or_where_one_wanted_to_go(client: Client, person: User) -> None:
    response = sign_in(client)
    assert response.status_code == HTTPStatus.FOUND  # type: ignore[attr-defined]
    assert response.url == reverse("home")  # type: ignore[attr-defined]
    client.logout()
    assert sign_in(client, next="/preferences/").url == "/preferences/"  # type: ignore[attr-defined]


def test_signing_in_never_leads_to_a_foreign_address(client: Client, person: User) -> None:
    assert sign_in(client, next="https://evil.example/").url == reverse("home")  # type: ignore[attr-defined]


def test_a_wrong_password_is_told_in_plain_words_and_keeps_the_name(client: Client, person: User) -> None:
    text = sign_in(client, "wrong").content.decode()  # type: ignore[attr-defined]
    assert "do not belong together" in text
    assert 'value="robin"' in text
    assert "_auth_user_id" not in client.session


def test_after_ten_wrong_passwords_the_right_one_has_to_wait(client: Client, person: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, "wrong")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert "10 wrong passwords" in text
    assert "15\u00a0min" in text
    assert sign_in(client).status_code == HTTPStatus.TOO_MANY_REQUESTS  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session


def test_signing_out_takes_a_post(client: Client, person: User) -> None:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("sign-out")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert client.post(reverse("sign-out")).url == reverse("public-home")  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session


def test_the_password_page_states_its_rules_and_keeps_to_them(client: Client, person: User) -> None:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("password-change")
    assert "at least 12 characters" in client.get(page).content.decode()
    short = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert "too short" in client.post(page, short).content.decode()
    wrong = {
        "old_password": "x",
        "new_password1": "another four words here",
        "new_password2": "another four words here",
    }
    assert "not your present password" in client.post(page, wrong).content.decode()
    good = {**wrong, "old_password": PASSWORD}
    assert client.post(page, good).status_code == HTTPStatus.FOUND
    person.refresh_from_db()
    assert person.check_password("another four words here")
    assert client.get(reverse("preferences")).wsgi_request.user.is_authenticated


def test_the_password_page_is_for_people_who_are_signed_in(client: Client) -> None:
    response = client.get(reverse("password-change"))
    assert response.status_code == HTTPStatus.FOUND
    assert response.url.startswith(reverse("sign-in"))  # type: ignore[attr-defined]


def test_the_theme_is_in_the_page_before_any_script_runs(client: Client) -> None:
    page = reverse("sign-in")
    assert 'data-theme="system"' in client.get(page).content.decode()
    client.post(reverse("preferences"), {"theme": "dark"})
    assert 'data-theme="dark"' in client.get(page).content.decode()
    client.cookies["workbench_theme"] = 'x"><script>'
    assert 'data-theme="system"' in client.get(page).content.decode()


def test_one_wish_does_not_undo_the_other(client: Client) -> None:
    page = reverse("preferences")
    client.post(page, {"theme": "dark", "zone": "Asia/Tokyo"})
    client.post(page, {"theme": "light"})
    assert client.cookies["workbench_theme"].value == "light"
    assert client.cookies["workbench_zone"].value == "Asia/Tokyo"
    client.post(page, {"zone": ""})
    assert client.cookies["workbench_zone"].value == ""
    assert client.get(page).context["preferred_zone"] is None


def test_preferences_refuse_what_is_not_on_offer_and_lead_only_home(client: Client) -> None:
    page = reverse("preferences")
    refused = client.post(page, {"zone": "Mars/Olympus"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "workbench_zone" not in client.cookies
    assert client.post(page, {"theme": "dark", "next": "https://evil.example/"}).url == page  # type: ignore[attr-defined]
    assert client.post(page, {"theme": "dark", "next": "/sign-in/"}).url == "/sign-in/"  # type: ignore[attr-defined]
    quiet = client.post(page, {"theme": "dark"}, headers={"x-requested-with": "fetch"})
    assert quiet.status_code == HTTPStatus.NO_CONTENT


def test_the_style_guide_is_for_staff(client: Client, person: User) -> None:
    page = reverse("styleguide")
    assert client.get(page).status_code == HTTPStatus.FOUND
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(page).status_code == HTTPStatus.FOUND
    person.is_staff = True
    person.save()
    text = client.get(page).content.decode()
    assert text.count('class="guide__side"') == 2
    assert client.get(page, {"side": "dark"}).content.decode().count('class="guide__side"') == 1


def test_the_shell_shows_only_places_that_exist(client: Client, person: User) -> None:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    context = client.get(reverse("preferences")).context
    assert {"cases", "changes", "tickets"} <= {item.key for item in context["rail"]}
    labels = {command["label"] for command in context["commands"]}
    assert "Go to cases" in labels
    assert "Style guide" not in labels
    for command in context["commands"]:
        assert client.get(command["url"]).status_code in {HTTPStatus.OK, HTTPStatus.FOUND}, command


def test_an_unknown_address_says_what_to_do(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert "Go back to the start" in response.content.decode()
