"""Pages that belong to no app: health and the platform's landing page."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from costinsights.core.tenancy import absolute_url, address_on, public_context
from tenants.models import Tenant, slug_validator


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing about what it needs: that is /readyz."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether a request could be served now: the database answers."""
    try:
        with public_context(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001  # whatever the driver raises, the answer is "not ready"
        return JsonResponse({"ready": False, "database": "does not answer"}, status=503)
    return JsonResponse({"ready": True})


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
    return render(
        request,
        "public/landing.html",
        {"workspace": slug, "error": error, "demo_tenants": demo},
        status=400 if error else 200,
    )
