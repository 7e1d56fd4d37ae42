"""Pages: who may look in, and the door that staff come and go through."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from costinsights.accounts.permissions import Role, RoleRequiredMixin
from costinsights.core.actor import set_actor
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, NotAllowed, NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.support import decisions, visits
from tenants import support
from tenants.models import GrantState


class SupportAccessPage(RoleRequiredMixin):
    """Requests, grants in force and everything that was before. Admins read, owners decide."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        grants = support.grants_of(current_tenant())
        context = {
            "asked": [grant for grant in grants if grant.state == GrantState.REQUESTED],
            "in_force": [grant for grant in grants if grant.is_in_force(now)],
            "past": [
                grant
                for grant in grants
                if grant.state != GrantState.REQUESTED and not grant.is_in_force(now)
            ],
            "may_decide": self.member.has_role(Role.OWNER),
        }
        return render(request, "workspace/support/access.html", context)


class DecideOnSupport(RoleRequiredMixin):
    """Approve or deny a request, or end a grant. POST only."""

    required_role = Role.ADMIN
    http_method_names = ["post"]  # noqa: RUF012  # Django's own attribute

    def post(self, request: HttpRequest, grant_id: int, decision: str) -> HttpResponse:
        if decision not in decisions.DECISIONS:
            raise Http404
        try:
            said = decisions.decide(
                member=self.member, grant_id=grant_id, decision=decision, at=timezone.now()
            )
        except NotFound as error:
            raise Http404 from error
        except (Conflict, NotAllowed) as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, said)
        return redirect("support-access")


class EnterAsSupport(View):
    """The door: a ticket from the staff site makes this browser's session a visit."""

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        try:
            ticket = support.redeem_ticket(
                tenant=current_tenant(), text=request.GET.get("ticket", ""), at=now
            )
        except NotAllowed as refusal:
            return render(
                request, "workspace/support/over.html", {"text": refusal.message}, status=403
            )
        visits.begin(request.session, ticket.grant)
        set_actor(visits.actor_of(ticket.grant, request))
        record_event(
            "support.entered",
            target=str(ticket.grant.pk),
            details={
                "reason": ticket.grant.reason,
                "break_glass": ticket.grant.is_break_glass,
                "until": ticket.grant.expires_at and ticket.grant.expires_at.isoformat(),
            },
        )
        return redirect("overview")


class LeaveSupport(View):
    """Ends the visit; the grant lasts on until its end, so that the visitor may come back."""

    http_method_names = ["post"]  # noqa: RUF012  # Django's own attribute
    is_leaving_support = True

    def post(self, request: HttpRequest) -> HttpResponse:
        if visits.visitor_of(request) is not None:
            record_event("support.left")
            request.session.flush()
        return render(
            request, "workspace/support/over.html", {"text": "You have left the workspace."}
        )
