"""A form on a page of its own, for everything that a service does rather than a saved row."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.generic import FormView

from costinsights.core.errors import ApplicationError
from tenants.admin.base import require, staff_of
from tenants.models import StaffUser


class FormPage(FormView[forms.Form]):
    """Asks, calls one service, says what came of it and goes back.

    `apply` does the work and returns the sentence for the next page. What it refuses stands beside the
    field it is about, with status 422 and nothing lost.
    """

    template_name = "admin/staff/form.html"
    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute
    site: Any = None
    permission = ""
    title = ""
    intro = ""
    submit_label = "Save"
    is_danger = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.allow(request)
        self.load(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def allow(self, request: HttpRequest) -> None:
        """Raises PermissionDenied for staff who may not do this."""
        require(request, self.permission)

    def load(self, **kwargs: Any) -> None:
        """Find the row that the address names. Raises Http404."""

    def apply(self, form: forms.Form) -> str:
        """What the page is for. Raises ApplicationError."""
        raise TypeError(f"{type(self).__name__} does nothing")

    def back(self) -> str:
        """Where to go afterwards."""
        raise TypeError(f"{type(self).__name__} leads nowhere")

    @property
    def staff(self) -> StaffUser:
        return staff_of(self.request)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            said = self.apply(form)
        except ApplicationError as refusal:
            field = refusal.extra.get("field")
            form.add_error(field if field in form.fields else None, refusal.message)
            return self.form_invalid(form)
        messages.success(self.request, said)
        return HttpResponseRedirect(self.back())

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **self.site.each_context(self.request),
            **super().get_context_data(**kwargs),
            "title": self.title,
            "intro": self.intro,
            "submit_label": self.submit_label,
            "is_danger": self.is_danger,
            "back": self.back(),
        }
