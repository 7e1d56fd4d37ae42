"""Pages of notes beside the costs of a day."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.costs.annotations import services
from costinsights.costs.annotations.forms import NoteForm
from costinsights.costs.models import Annotation
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


class _NotePage(RoleRequiredMixin, FeatureRequiredMixin, View):
    """A page that writes or corrects a note, and leads back to the history page one came from."""

    feature = Feature.HISTORY
    required_role = Role.ANALYST

    def note(self, annotation_id: int) -> Annotation:
        try:
            found = services.access_annotation(annotation_id, self.member)
        except NotFound as error:
            raise Http404(error.message) from error
        return found

    def form_page(self, form: NoteForm, note: Annotation | None, status: int = 200) -> HttpResponse:
        back = form["back"].value() or ""
        context = {
            "form": form,
            "note": note,
            "may_change": note is None or services.may_change(note, self.member),
            "back": back,
            "back_url": _back_url(back),
        }
        return render(self.request, "notes/form.html", context, status=status)

    def draft_of(self, form: NoteForm) -> services.AnnotationDraft:
        given = form.cleaned_data
        return services.checked_draft(
            first_day=given["first_day"],
            last_day=given["last_day"],
            text=given["text"],
            cluster=given["cluster"],
            filter_text=given["filter"],
            now=timezone.now(),
        )


def _back_url(state: str) -> str:
    """The history page with these parameters; only ever that page."""
    return f"{reverse('history')}?{state}" if state else reverse("history")


class NoteWritePage(_NotePage):
    """A new note."""

    def get(self, request: HttpRequest) -> HttpResponse:
        names = ("first_day", "last_day", "cluster", "filter", "back")
        form = NoteForm(initial={name: request.GET.get(name, "") for name in names})
        return self.form_page(form, None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NoteForm(request.POST)
        if form.is_valid():
            try:
                services.write_annotation(
                    draft=self.draft_of(form), by=self.member, at=timezone.now()
                )
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, "The note is saved.")
                return redirect(_back_url(form.cleaned_data["back"]))
        return self.form_page(form, None, status=422)


class NoteEditPage(_NotePage):
    """Correct a note."""

    def get(self, request: HttpRequest, annotation_id: int) -> HttpResponse:
        row = self.note(annotation_id)
        return self.form_page(NoteForm.of(row, request.GET.get("back", "")), row)

    def post(self, request: HttpRequest, annotation_id: int) -> HttpResponse:
        row = self.note(annotation_id)
        form = NoteForm(request.POST)
        if form.is_valid():
            try:
                services.change_annotation(
                    annotation=row, draft=self.draft_of(form), by=self.member, at=timezone.now()
                )
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, "The note is saved.")
                return redirect(_back_url(form.cleaned_data["back"]))
        return self.form_page(form, row, status=422)


class NoteRemove(_NotePage):
    """Takes a note away."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, annotation_id: int) -> HttpResponse:
        row = self.note(annotation_id)
        try:
            services.remove_annotation(annotation=row, by=self.member)
        except ApplicationError as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, "The note is removed.")
        return redirect(_back_url(request.POST.get("back", "")))
