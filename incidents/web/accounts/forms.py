"""Forms of the account pages: Django's own, in our words."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from incidents.web.accounts.preferences import THEMES, zone_names


class SignInForm(AuthenticationForm):
    """Name and password."""

    error_messages = {
        "invalid_login": "This name and password do not belong together. Check both: capitals matter in the password.",
        "inactive": "This account is switched off. Ask an administrator of your workbench to switch it on.",
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        """Set the words of the two fields."""
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "Name"
        self.fields["username"].error_messages["required"] = "Enter your name."
        self.fields["password"].error_messages["required"] = "Enter your password."


class ChangePasswordForm(PasswordChangeForm):
    """The old password once, the new one twice."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "This is not your present password. Enter it again.",
        "password_mismatch": "The two new passwords differ. Enter the same one twice.",
    }

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        """Set the words; the rules stand beside the form."""
        super().__init__(user, *args, **kwargs)
        for name, label in (
            ("old_password", "Present password"),
            ("new_password1", "New password"),
            ("new_password2", "New password again"),
        ):
            self.fields[name].label = label
            self.fields[name].help_text = ""


class PreferencesForm(forms.Form):
    """The theme, and the zone in which times are shown."""

    theme = forms.ChoiceField(
        choices=[(key, label) for key, label, _ in THEMES], widget=forms.RadioSelect, required=False
    )
    zone = forms.ChoiceField(
        label="Times are shown in",
        required=False,
        help_text="Every time names its zone. Point at one to see it in UTC.",
        error_messages={"invalid_choice": "This zone is not known. Choose one from the list."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer all zones; done here because the list is long and rarely asked for."""
        super().__init__(*args, **kwargs)
        offered = [(name, name.replace("_", " ")) for name in zone_names()]
        self.fields["zone"].choices = [("", "The zone of each case"), *offered]  # type: ignore[attr-defined]
