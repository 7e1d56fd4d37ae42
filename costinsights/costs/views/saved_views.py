"""Pages of saved views: the list, saving, opening, changing, deleting and bringing back."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.costs.models import SavedView
from costinsights.costs.saved_views import services
from costinsights.costs.saved_views.forms import ViewForm, parameters_of
from costinsights.costs.saved_views.selectors import (
    MemberView,
    access_view,
    folders_of,
    may_change,
    open_url,
    view_for,
    views_of,
)
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


class SavedViewsMixin(MemberRequiredMixin, FeatureRequiredMixin, View):
    """A page about saved views."""

    feature = Feature.SAVED_VIEWS

    def view_at(self, slug: str) -> SavedView:
        try:
            return access_view(slug, self.member)
        except NotFound as error:
            raise Http404(error.message) from error

    def form_page(self, form: ViewForm, view: SavedView | None, status: int = 200) -> HttpResponse:
        views = views_of(self.member)
        context = {
            "form": form,
            "view": view,
            "folders": folders_of(views),
            "mine": view_for(view, self.member) if view else None,
        }
        return render(self.request, "saved_views/form.html", context, status=status)

    def draft_of(self, form: ViewForm) -> services.ViewDraft:
        given = form.cleaned_data
        return services.checked_draft(
            name=given["name"],
            folder=given["folder"],
            is_shared=given.get("is_shared", False),
            parameters=form.parameters,
            by=self.member,
            now=timezone.now(),
        )


class ViewListPage(SavedViewsMixin):
    """Every view the member may open, by folder, with a search."""

    def get(self, request: HttpRequest) -> HttpResponse:
        sought = request.GET.get("q", "").strip()[:80]
        views = [each for each in views_of(self.member) if _matches(each, sought.casefold())]
        folders: dict[str, list[MemberView]] = {}
        for each in views:
            folders.setdefault(each.view.folder, []).append(each)
        gone = SavedView.objects.filter(slug=request.GET.get("deleted", "")[:60]).exclude(
            deleted_at=None
        )
        deleted = gone.visible_to(self.member).first()
        context: dict[str, Any] = {
            "folders": folders,
            "starred": [each for each in views if each.is_starred],
            "sought": sought,
            "deleted": deleted if deleted and may_change(deleted, self.member) else None,
        }
        return render(request, "saved_views/list.html", context)


def _matches(each: MemberView, sought: str) -> bool:
    return sought in each.view.name.casefold() or sought in each.view.folder.casefold()


class ViewSavePage(SavedViewsMixin):
    """Keeps the page as it is under a name. GET shows the form for browsers without script."""

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {"state": urlencode(parameters_of(request.GET.urlencode()))}
        return self.form_page(ViewForm(initial=initial, member=self.member), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ViewForm(request.POST, member=self.member)
        if form.is_valid():
            try:
                view = services.save_view(
                    draft=self.draft_of(form), by=self.member, at=timezone.now()
                )
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"“{view}” is saved.")
                return redirect("saved-view-open", view.slug)
        return self.form_page(form, None, status=422)


class ViewOpen(SavedViewsMixin):
    """A view's own address: leads to the history page with its parameters."""

    http_method_names = ["get", "head", "options"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest, view_slug: str) -> HttpResponse:
        view = self.view_at(view_slug)
        services.note_use(view=view, by=self.member, at=timezone.now())
        return redirect(open_url(view))


class ViewEditPage(SavedViewsMixin):
    """Another name, folder or sharing."""

    def get(self, request: HttpRequest, view_slug: str) -> HttpResponse:
        view = self.view_at(view_slug)
        return self.form_page(ViewForm.of(view, self.member), view)

    def post(self, request: HttpRequest, view_slug: str) -> HttpResponse:
        view = self.view_at(view_slug)
        form = ViewForm(request.POST, member=self.member, initial={"is_shared": view.is_shared})
        if form.is_valid():
            try:
                draft = self.draft_of(form)
                services.change_view(view=view, draft=draft, by=self.member, at=timezone.now())
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"“{view}” is saved.")
                return redirect("saved-view-list")
        return self.form_page(form, self.view_at(view_slug), status=422)


class _ViewPost(SavedViewsMixin):
    """One change by a button; what is refused is said on the page one comes from."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, view_slug: str) -> HttpResponse:
        try:
            return self.change(view_slug)
        except NotFound as error:
            raise Http404(error.message) from error
        except ApplicationError as refused:
            messages.error(request, refused.message)
            return redirect("saved-view-list")

    def change(self, slug: str) -> HttpResponse:
        raise NotImplementedError


class ViewUpdate(_ViewPost):
    """Makes the view what the page shows now."""

    def change(self, slug: str) -> HttpResponse:
        view, now = access_view(slug, self.member), timezone.now()
        draft = services.checked_draft(
            name=view.name,
            folder=view.folder,
            is_shared=view.is_shared,
            parameters=parameters_of(self.request.POST.get("state", "")[:8_000]),
            by=self.member,
            now=now,
        )
        services.change_view(view=view, draft=draft, by=self.member, at=now)
        messages.success(self.request, f"“{view}” now shows this page.")
        return redirect(open_url(view))


class ViewMark(_ViewPost):
    """Puts a star on a view, or lets the history page open with it; or takes either away."""

    def change(self, slug: str) -> HttpResponse:
        view = access_view(slug, self.member)
        given = self.request.POST
        if "star" in given:
            services.star_view(view=view, by=self.member, is_starred=given["star"] == "1")
        if "default" in given:
            is_default = given["default"] == "1"
            services.open_first(view=view, by=self.member, is_default=is_default)
            now_says = "opens with" if is_default else "no longer opens with"
            messages.success(self.request, f"The history page {now_says} “{view}”.")
        return redirect(open_url(view) if given.get("from") == "page" else "saved-view-list")


class ViewDelete(_ViewPost):
    """Takes a view away; the list then offers to undo it."""

    def change(self, slug: str) -> HttpResponse:
        view = access_view(slug, self.member)
        services.delete_view(view=view, by=self.member, at=timezone.now())
        return redirect(f"{reverse('saved-view-list')}?{urlencode({'deleted': view.slug})}")


class ViewRestore(_ViewPost):
    """Undo of deleting."""

    def change(self, slug: str) -> HttpResponse:
        view = services.restore_view(slug=slug, by=self.member, at=timezone.now())
        messages.success(self.request, f"“{view}” is back.")
        return redirect("saved-view-list")
