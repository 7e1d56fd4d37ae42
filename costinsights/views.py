"""Pages that belong to no app: the platform's landing page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from costinsights.core.leaving import leading_to_workspaces
from costinsights.core.tenancy import absolute_url, address_on
from tenants.features import PlatformSwitch, platform_switch
from tenants.models import Tenant, slug_validator


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """Find your workspace by its slug. The answer never says whether one exists."""
    slug = request.GET.get("workspace", "").strip().lower()
    error = ""
    if slug:
        if slug_validator.regex.match(slug):  # type: ignore[union-attr]  # set in its definition
            return HttpResponseRedirect(address_on(f"{slug}.{settings.BASE_DOMAIN}", "/"))
        error = str(slug_validator.message)
    demo = []
    if settings.DEMO_MODE:
        demo = [
            {
                "name": tenant.name,
                "plan": tenant.get_plan_display(),
                "url": absolute_url(tenant, "/"),
            }
            for tenant in Tenant.objects.filter(slug__in=["acme", "globex", "initech"])
        ]
    context = {
        "workspace": slug,
        "error": error,
        "demo_tenants": demo,
        "staff_url": address_on(settings.STAFF_HOST, "/"),
        "base_domain": settings.BASE_DOMAIN,
        "sign_up_is_open": platform_switch(PlatformSwitch.SELF_SERVICE_SIGN_UP),
    }
    page = render(request, "public/landing.html", context, status=400 if error else 200)
    return leading_to_workspaces(page)


@require_safe
def staff_moved(request: HttpRequest) -> HttpResponse:
    """Administration has a host of its own; where it was, a bookmark is sent on."""
    return HttpResponseRedirect(address_on(settings.STAFF_HOST, "/"))
