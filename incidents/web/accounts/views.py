"""Sign-in, sign-out, password, preferences."""

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from incidents.web.accounts.forms import ChangePasswordForm, PreferencesForm, SignInForm
from incidents.web.accounts.preferences import ZONE_COOKIE, remember, theme_of


class SignIn(auth.LoginView):
    """The door; whoever is signed in already is sent on."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class ChangePassword(auth.PasswordChangeView):
    """Change one's own password; the session goes on, other sessions of the person end."""

    template_name = "accounts/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("preferences")

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Add the rules, so that they stand there before the first attempt."""
        return super().get_context_data(**kwargs) | {"rules": password_validators_help_texts()}

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        """Say that it was done."""
        messages.success(
            self.request, "Your password was changed. Other browsers where you were signed in are signed out."
        )
        return super().form_valid(form)


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and keep theme and zone; open to readers of public pages too. A POST may hold one of the two alone."""
    kept = {"theme": theme_of(request), "zone": request.COOKIES.get(ZONE_COOKIE, "")}
    if request.method != "POST":
        return render(request, "accounts/preferences.html", {"form": PreferencesForm(initial=kept)})
    form = PreferencesForm({**kept, **{name: request.POST[name] for name in kept if name in request.POST}})
    if not form.is_valid():
        return render(request, "accounts/preferences.html", {"form": form}, status=422)
    target = _local_address(request)
    if request.headers.get("X-Requested-With") == "fetch":
        response = HttpResponse(status=204)
    elif target:
        response = HttpResponseRedirect(target)
    else:
        messages.success(request, "Your preferences are kept in this browser.")
        response = redirect("preferences")
    remember(
        response,
        theme=form.cleaned_data["theme"] if "theme" in request.POST else None,
        zone=form.cleaned_data["zone"] if "zone" in request.POST else None,
    )
    return response


def _local_address(request: HttpRequest) -> str:
    """Return the posted `next` when it leads to this site, else nothing."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else ""
