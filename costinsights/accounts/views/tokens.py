"""API tokens on pages: one's own, and for admins everybody's."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from costinsights.accounts import token_services
from costinsights.accounts.models import EXPIRY_NOTICE, ApiToken, Role
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.accounts.token_forms import NewTokenForm, RotateTokenForm
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.tenancy import absolute_url, current_tenant

PER_PAGE = 50
# The form's own names for what the service calls otherwise.
_FIELDS = {"allowed_networks": "networks", "expires_in_days": "days", "scopes": "access"}


def _created(request: HttpRequest, new: token_services.NewToken) -> HttpResponse:
    """The one page that shows a token's text."""
    address = absolute_url(current_tenant(), reverse("api-me"))
    context = {
        "token": new.token,
        "text": new.text,
        "example": f'curl -H "Authorization: Bearer $TOKEN" {address}',
        "old": new.token.replaces,
    }
    return render(request, "accounts/token_created.html", context, status=201)


def _refuse(form: Form, refusal: ApplicationError) -> None:
    """A service's refusal at the field it is about, or above the form."""
    named = str(refusal.extra.get("field", ""))
    field = _FIELDS.get(named, named)
    form.add_error(field if field in form.fields else None, refusal.message)


def _ends_soon(left: dt.timedelta) -> str:
    """How long a token that needs a look still lives; "" for one that does not."""
    if left > EXPIRY_NOTICE:
        return ""
    if left < dt.timedelta(days=1):
        return "within a day"
    return f"in {left.days} day{'s' if left.days > 1 else ''}"


def _rows(page: Page[ApiToken], now: dt.datetime) -> list[dict[str, Any]]:
    rows = []
    for token in page.object_list:
        state = token.state(now)
        rows.append(
            {
                "token": token,
                "state": state,
                "ends_soon": _ends_soon(token.expires_at - now) if state == "active" else "",
                "role": Role(token.role_ceiling).label if token.role_ceiling else "",
                "successor": getattr(token, "replaced_by", None),
            }
        )
    return rows


@method_decorator(never_cache, name="dispatch")
class TokenListPage(MemberRequiredMixin, FormView[NewTokenForm]):
    """The member's tokens, and the form for a new one."""

    template_name = "accounts/tokens.html"
    form_class = NewTokenForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "member": self.member}

    def form_valid(self, form: NewTokenForm) -> HttpResponse:
        try:
            new = token_services.create_token(
                user=self.member,
                name=form.cleaned_data["name"],
                scopes=form.scopes,
                lifetime=form.lifetime,
                role_ceiling=form.cleaned_data["role_ceiling"],
                networks=form.networks_given,
                at=timezone.now(),
            )
        except ApplicationError as refusal:
            _refuse(form, refusal)
            return self.form_invalid(form)
        return _created(self.request, new)

    def form_invalid(self, form: NewTokenForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tokens = ApiToken.objects.of(self.member).select_related("replaced_by")
        page = Paginator(tokens, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            rows=_rows(page, timezone.now()),
            page_obj=page,
            sees_everybody=self.member.has_role(Role.ADMIN),
        )


class EverybodysTokensPage(RoleRequiredMixin, View):
    """Every member's tokens, for admins: to see what is in use and to end what should not be."""

    required_role: ClassVar[Role] = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        tokens = ApiToken.objects.visible_to(self.member).select_related(
            "created_by", "replaced_by"
        )
        page = Paginator(tokens, PER_PAGE).get_page(request.GET.get("page"))
        context = {"rows": _rows(page, timezone.now()), "page_obj": page}
        return render(request, "accounts/tokens_of_everybody.html", context)


@method_decorator(never_cache, name="dispatch")
class RotateTokenPage(MemberRequiredMixin, FormView[RotateTokenForm]):
    """Makes a successor of one of the member's tokens."""

    template_name = "accounts/token_rotate.html"
    form_class = RotateTokenForm

    @property
    def token(self) -> ApiToken:
        token = ApiToken.objects.of(self.member).filter(key_id=self.kwargs["key_id"]).first()
        if token is None:
            raise Http404
        return token

    def form_valid(self, form: RotateTokenForm) -> HttpResponse:
        try:
            new = token_services.rotate_token(
                user=self.member,
                key_id=self.kwargs["key_id"],
                overlap=form.overlap,
                lifetime=form.lifetime,
                at=timezone.now(),
            )
        except NotFound as error:
            raise Http404 from error
        except ApplicationError as refusal:
            _refuse(form, refusal)
            return self.form_invalid(form)
        return _created(self.request, new)

    def form_invalid(self, form: RotateTokenForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        token = self.token
        life = (token.expires_at - token.created_at).days
        return super().get_context_data(
            **kwargs, token=token, life_help=f"The old one was made for {life} days."
        )


class RevokeToken(MemberRequiredMixin, View):
    """Ends a token: one's own, or anybody's for admins."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        try:
            token = token_services.revoke_token(by=self.member, key_id=key_id, at=timezone.now())
        except NotFound as error:
            raise Http404 from error
        messages.success(request, f"The token “{token.name}” is revoked.")
        own = request.POST.get("back") != "everybody"
        return redirect("token-list" if own else "token-list-everybody")
