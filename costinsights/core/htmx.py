"""One view, one template: htmx gets the part it asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.generic.base import TemplateResponseMixin


class HtmxPartialMixin(TemplateResponseMixin):
    """Answers an htmx request with the template's partial `htmx_partial` instead of the page.

    A boosted or history-restoring request gets the whole page: the browser has nothing to swap into.
    """

    htmx_partial = ""
    request: HttpRequest

    def get_template_names(self) -> list[str]:
        names = super().get_template_names()
        headers = self.request.headers
        wants_part = (
            headers.get("HX-Request") == "true"
            and headers.get("HX-Boosted") != "true"
            and headers.get("HX-History-Restore-Request") != "true"
        )
        if self.htmx_partial and wants_part:
            return [f"{name}#{self.htmx_partial}" for name in names]
        return names

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        return response
