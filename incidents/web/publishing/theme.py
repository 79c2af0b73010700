"""How a product looks in public: name, logo, colours, style sheet, host."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from incidents.catalog.queries import product_by_slug, require
from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.publishing.themes import DEFAULT_ACCENT, LOGO_MOST, THEME_FIELDS, save_theme, stored_theme
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in
from incidents.web.public.look import look_context


class ThemeForm(forms.Form):
    """The look, as a person enters it."""

    site_name = forms.CharField(label="Name", max_length=120, required=False)
    home_url = forms.CharField(label="Your own site", max_length=300, required=False)
    accent = forms.CharField(label="Colour of links, light pages", max_length=7, required=False)
    accent_dark = forms.CharField(label="The same, dark pages", max_length=7, required=False)
    logo = forms.FileField(label="Logo", required=False)
    removes_logo = forms.BooleanField(label="Take the logo away", required=False)
    domain = forms.CharField(label="Host of its own", max_length=253, required=False)
    css = forms.CharField(
        label="Style sheet",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "mono"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def theme_page(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show and store a product's look."""
    product = product_by_slug(request.user, product_slug)
    require(request.user, Action.ADMINISTER, product)
    form = ThemeForm(request.POST or None, request.FILES or None, initial=stored_theme(product))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        upload = given["logo"]
        try:
            save_theme(
                actor=signed_in(request),
                product=product,
                logo=upload.read(LOGO_MOST + 1) if upload else None,
                removes_logo=given["removes_logo"],
                **{name: given[name].replace("\r\n", "\n") for name in THEME_FIELDS},
            )
        except InputError as refused:
            for problem in refused.problems:
                form.add_error(problem.field, f"{problem.message[:1].upper()}{problem.message[1:]}: {problem.remedy}.")
        else:
            messages.success(request, "Stored. The public pages show it at once.")
            return redirect("public-theme-edit", product_slug=product.slug)
    context = {
        "section": "publish",
        "product": product,
        "form": form,
        "logo_url": look_context(product)["logo_url"],
        "default_accent": DEFAULT_ACCENT,
        "public_url": reverse("public-changelog", kwargs={"product_slug": product.slug}),
        "widget_url": request.build_absolute_uri(
            reverse("public-widget-script", kwargs={"product_slug": product.slug})
        ),
    }
    return render(request, "publishing/theme.html", context, status=422 if form.errors else 200)
