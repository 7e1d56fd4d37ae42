"""The staff site: django-unfold's, behind a second factor and with its own content policy."""

from collections.abc import Callable, Iterable
from typing import Any

from csp.constants import UNSAFE_EVAL
from csp.decorators import csp_update
from django.apps import apps
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from unfold.sites import UnfoldAdminSite

from tenants.staff import views

# django-unfold's pages run on Alpine.js, which compiles the expressions in its attributes: that is
# eval to a browser. Only pages behind the second factor may; signing in keeps the strict policy, and
# nothing else is opened: no inline script, no inline style, no other origin.
_with_alpine = csp_update({"script-src": [UNSAFE_EVAL]})


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # django-unfold has no types
    """Pages for staff whose session carries a second factor.

    Only what `tenants.admin` registers is there: the registrations that libraries bring would save
    rows past our services. A tenant's model is refused when the process starts.
    """

    site_header = "Cost Insights staff"
    site_title = "Cost Insights staff"
    index_title = "Platform"
    enable_nav_sidebar = True

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Model]] | None = None,
        **options: Any,
    ) -> None:
        if admin_class is None or not admin_class.__module__.startswith("tenants.admin"):
            return
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        of_tenants = {app for app in settings.TENANT_APPS if apps.is_installed(app)}
        for model in models:
            if model._meta.app_config.name in of_tenants:
                raise ImproperlyConfigured(f"{model._meta.label} belongs to tenants, not to staff.")
        super().register(models, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request, "staff_is_verified", False)) and super().has_permission(
            request
        )

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        guarded: Callable[..., HttpResponseBase] = _with_alpine(super().admin_view(view, cacheable))
        return guarded

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return views.SignIn.as_view()(request)  # type: ignore[return-value]  # a template response

    def extra_urls(self) -> list[URLPattern | URLResolver]:
        from tenants.admin.urls import platform_pages  # registered models need this site first

        security = self.admin_view(views.RecoveryCodes.as_view())
        return [path("security/", security, name="security"), *platform_pages(self)]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # No colours: unfold would write them as an inline style. They are in staff.css.
        return {**super().each_context(request), "colors": None, "border_radius": None}
