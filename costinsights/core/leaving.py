"""Pages of the platform whose forms end in a workspace, which is another origin."""

from django.conf import settings
from django.http import HttpResponse

from costinsights.core.tenancy import address_on


def leading_to_workspaces(response: HttpResponse) -> HttpResponse:
    """Let the page's forms be redirected to a workspace's address, and nowhere else.

    Browsers hold `form-action` against the redirects that answer a form, too.
    """
    anywhere = address_on(f"*.{settings.BASE_DOMAIN}", "").rstrip("/")
    response._csp_update = {"form-action": [anywhere]}  # type: ignore[attr-defined]  # read by django-csp
    return response
