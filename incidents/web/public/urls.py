"""Addresses of the public pages."""

from django.urls import path, register_converter

from incidents.publishing.exports.forms import FORMS
from incidents.web.public import bundle, feeds, files, look, sitemap, statuspage, subscribing, views, widget


class FeedForm:
    """A feed's format."""

    regex = "|".join(feeds.FORMATS)

    def to_python(self, value: str) -> str:
        """Return the format's key."""
        return value

    def to_url(self, value: str) -> str:
        """Return the ending."""
        return value


class FileForm(FeedForm):
    """A file's format."""

    regex = "|".join(FORMS)


class StatusDocument(FeedForm):
    """One document of the status API."""

    regex = "|".join(sorted(statuspage.DOCUMENTS, key=len, reverse=True))


register_converter(FeedForm, "feed")
register_converter(FileForm, "file")
register_converter(StatusDocument, "status")

urlpatterns = [
    path("robots.txt", sitemap.robots, name="robots"),
    path("api/v2/<status:what>.json", statuspage.answer, name="status-api"),
    path("p/", views.home, name="public-home"),
    path("p/style-<slug:mark>.css", bundle.style, name="public-style"),
    path("p/sitemap.xml", sitemap.sitemap, name="public-sitemap"),
    path("p/<slug:product_slug>/", views.changelog, name="public-changelog"),
    path("p/subscriptions/<str:token>/confirm/<slug:pace>/", subscribing.confirm_page, name="public-confirm"),
    path("p/subscriptions/<str:token>/leave/", subscribing.unsubscribe_page, name="public-unsubscribe"),
    path("p/<slug:product_slug>/subscribe/", subscribing.subscribe, name="public-subscribe"),
    path("p/<slug:product_slug>/changes/<slug:slug>/", views.notice, name="public-notice"),
    path("p/<slug:product_slug>/changes/<slug:slug>.<file:form>", files.notice_file, name="public-notice-file"),
    path("p/<slug:product_slug>/changes/<slug:slug>/card.png", files.notice_card, name="public-notice-card"),
    path("p/<slug:product_slug>/postmortems/", views.postmortems, name="public-postmortems"),
    path("p/<slug:product_slug>/postmortems/<slug:slug>/", views.postmortem, name="public-postmortem"),
    path(
        "p/<slug:product_slug>/postmortems/<slug:slug>.<file:form>",
        files.postmortem_file,
        name="public-postmortem-file",
    ),
    path(
        "p/<slug:product_slug>/postmortems/<slug:slug>/card.png",
        files.postmortem_card,
        name="public-postmortem-card",
    ),
    path("p/<slug:product_slug>/feed.<feed:form>", feeds.everything, name="public-feed"),
    path("p/<slug:product_slug>/changelog.<feed:form>", feeds.changelog, name="public-changelog-feed"),
    path("p/<slug:product_slug>/postmortems.<feed:form>", feeds.postmortems, name="public-postmortems-feed"),
    path("p/<slug:product_slug>/api/v2/<status:what>.json", statuspage.answer, name="product-status-api"),
    path("p/<slug:product_slug>/widget/", widget.frame, name="public-widget"),
    path("p/<slug:product_slug>/widget.js", widget.script, name="public-widget-script"),
    path("p/<slug:product_slug>/theme-<slug:mark>.css", look.style_sheet, name="public-theme"),
    path("p/<slug:product_slug>/logo-<slug:mark>", look.logo, name="public-logo"),
]
