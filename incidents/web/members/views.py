"""People and their roles, for administrators."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from incidents.catalog.people import (
    Product,
    add_person,
    administered_products,
    administers_everything,
    give_role,
    people_for,
    person_for,
    renew_password,
    require_administrator,
    set_active,
    take_role,
)
from incidents.core.access import Role
from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady
from incidents.web.people import signed_in

ALL_PRODUCTS = "*"
_EXPLAINED = {
    Role.SUPPORT: "Support: reads everything, sorts tickets",
    Role.ENGINEER: "Engineer: edits changes and cases, runs attributions, writes and approves documents",
    Role.COMMS: "Comms: writes, approves and publishes documents",
    Role.ADMINISTRATOR: "Administrator: everything, and gives roles",
}


class RoleForm(forms.Form):
    """A role, and for which product."""

    role = forms.ChoiceField(choices=[(role.value, told) for role, told in _EXPLAINED.items()])
    product = forms.ChoiceField(label="For")

    def __init__(self, *args: object, products: list[Product], everywhere: bool, **kwargs: object) -> None:
        """Offer the products for which the asker may give roles."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(ALL_PRODUCTS, "All products")] if everywhere else []
        self.fields["product"].choices = choices + [(one.slug, one.name) for one in products]  # type: ignore[attr-defined]
        self.products = {one.slug: one for one in products}

    def chosen(self) -> tuple[Role, Product | None]:
        """Return the role and the product, None for all."""
        return Role(self.cleaned_data["role"]), self.products.get(self.cleaned_data["product"])


class PersonForm(RoleForm):
    """A new colleague."""

    username = forms.CharField(max_length=150, label="Sign-in name", help_text="Letters, digits and @ . + - _")
    name = forms.CharField(max_length=200, required=False, label="Full name")
    email = forms.EmailField(required=False, label="E-mail")
    field_order = ("username", "name", "email", "role", "product")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def people(request: HttpRequest) -> HttpResponse:
    """List people with their roles; add a colleague."""
    user = signed_in(request)
    require_administrator(user)
    products = list(administered_products(user))
    everywhere = administers_everything(user)
    form = PersonForm(request.POST or None, products=products, everywhere=everywhere)
    fresh = None
    if request.method == "POST" and form.is_valid():
        role, product = form.chosen()
        try:
            fresh = add_person(
                actor=user,
                username=form.cleaned_data["username"],
                name=form.cleaned_data["name"],
                email=form.cleaned_data["email"],
                role=role,
                product=product,
            )
        except (Conflict, InputError) as error:
            form.add_error("username", error.problems[0].remedy if isinstance(error, InputError) else str(error))
        else:
            form = PersonForm(products=products, everywhere=everywhere)
    context = {
        "section": "",
        "people": people_for(user),
        "form": form,
        "role_form": RoleForm(products=products, everywhere=everywhere),
        "fresh": fresh,
        "everywhere": everywhere,
        "administered": {one.pk for one in products},
    }
    return render(request, "members/people.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
@cache_control(private=True, no_store=True)
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Give a role, close or open an account, renew a password."""
    user = signed_in(request)
    require_administrator(user)
    who = person_for(user, person_id)
    name = who.get_full_name() or who.get_username()
    do = request.POST.get("do", "")
    try:
        if do == "password":
            password = renew_password(actor=user, person=who)
            messages.success(request, f"New first password for {name}: {password} (shown once).")
        elif do in ("close", "open"):
            set_active(actor=user, person=who, active=do == "open")
            messages.success(request, f"The account of {name} is {'open again' if do == 'open' else 'closed'}.")
        elif do == "role":
            _give(request, user_products=list(administered_products(user)), person_id=person_id)
    except (NotPermitted, NotReady) as error:
        messages.error(request, str(error))
    return redirect("people")


def _give(request: HttpRequest, *, user_products: list[Product], person_id: int) -> None:
    user = signed_in(request)
    form = RoleForm(request.POST, products=user_products, everywhere=administers_everything(user))
    if not form.is_valid():
        messages.error(request, "Choose a role and a product.")
        return
    role, product = form.chosen()
    who = person_for(user, person_id)
    give_role(actor=user, person=who, role=role, product=product)
    where = product.name if product else "all products"
    messages.success(request, f"{who.get_full_name() or who.get_username()} is now {role.label} for {where}.")


@require_POST
@login_required
def role_end(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Take a role back."""
    user = signed_in(request)
    require_administrator(user)
    try:
        take_role(actor=user, membership_id=membership_id)
    except NotPermitted as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The role is taken back.")
    return redirect("people")
