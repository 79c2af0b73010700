"""Addresses of the account pages and of the style guide."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from incidents.web.accounts import views
from incidents.web.styleguide.views import styleguide

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("password/", views.ChangePassword.as_view(), name="password-change"),
    path("preferences/", views.preferences, name="preferences"),
    path("styleguide/", styleguide, name="styleguide"),
]
