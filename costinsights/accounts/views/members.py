"""The members page: who is in, who is invited, and what each may do and see."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts import invitations, members, second_factor, sessions, tasks
from costinsights.accounts.member_forms import InviteForm, MemberForm, PolicyForm
from costinsights.accounts.models import Invitation, Role, SecondFactorPolicy, User
from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.limits import limit_of


@method_decorator(never_cache, name="dispatch")
class MemberListPage(RoleRequiredMixin):
    """Everybody in the workspace, and the form that invites another."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST, roles=members.roles_to_give(self.member))
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            invitation = invitations.invite(
                by=self.member,
                email=form.cleaned_data["email"],
                at=timezone.now(),
                **form.limits,
            )
        except ApplicationError as refusal:
            form.refuse(refusal)
            return self.answer(form, status=422)
        tasks.send_invitation.enqueue_on_commit(invitation_id=invitation.pk)
        messages.success(request, f"An invitation is on its way to {invitation.email}.")
        return redirect("member-list")

    def answer(self, invite: InviteForm | None = None, status: int = 200) -> HttpResponse:
        now = timezone.now()
        roles = members.roles_to_give(self.member)
        rows: list[dict[str, Any]] = [
            {"member": row, "may_manage": members.may_manage(self.member, row)}
            for row in members.listed()
        ]
        context: dict[str, Any] = {
            "rows": rows,
            "active_count": sum(row["member"].is_active for row in rows),
            "limit": limit_of("members"),
            "invitations": [
                {"invitation": one, "is_open": one.is_open(now), "role": Role(one.role).label}
                for one in invitations.pending().select_related("invited_by")
            ],
            "invite_form": invite or InviteForm(roles=roles, initial={"role": Role.VIEWER}),
            "policy_form": PolicyForm(initial={"policy": second_factor.policy()}),
            "is_owner": self.member.has_role(Role.OWNER),
        }
        return render(self.request, "accounts/members.html", context, status=status)


class _OneMember(RoleRequiredMixin):
    """A page about the member its address names. Refusals come back as a message on that page."""

    def subject(self) -> User:
        try:
            return members.access_member(self.kwargs["member_id"])
        except NotFound as error:
            raise Http404(error.message) from error


@method_decorator(never_cache, name="dispatch")
class MemberPage(_OneMember):
    """One member: role, limits, and the ways in and out."""

    def get(self, request: HttpRequest, member_id: int) -> HttpResponse:
        return self.answer(self.subject())

    def post(self, request: HttpRequest, member_id: int) -> HttpResponse:
        subject = self.subject()
        form = MemberForm(request.POST, roles=members.roles_to_give(self.member))
        if not form.is_valid():
            return self.answer(subject, form, status=422)
        try:
            members.change_member(
                by=self.member,
                member=subject,
                approves_statements=form.cleaned_data["approves_statements"],
                **form.limits,
            )
        except ApplicationError as refusal:
            form.refuse(refusal)
            return self.answer(subject, form, status=422)
        messages.success(request, f"{subject.display_name} is saved.")
        return redirect("member-list")

    def answer(
        self, subject: User, form: MemberForm | None = None, status: int = 200
    ) -> HttpResponse:
        initial = {
            "role": subject.role,
            "scope_namespaces": subject.scope_namespaces,
            "scope_labels": subject.scope_labels,
            "approves_statements": subject.approves_statements,
        }
        roles = members.roles_to_give(self.member)
        context = {
            "subject": subject,
            "is_self": subject.pk == self.member.pk,
            "may_manage": members.may_manage(self.member, subject),
            "browsers": sessions.browsers_of(subject, current=None, at=timezone.now()),
            "form": form or MemberForm(initial=initial, roles=roles),
        }
        return render(self.request, "accounts/member.html", context, status=status)


class _MemberAction(_OneMember):
    """A button on the member's page: POST, a message, and back."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute
    done = ""

    def post(self, request: HttpRequest, member_id: int) -> HttpResponse:
        subject = self.subject()
        try:
            self.act(subject)
        except ApplicationError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, self.done.format(name=subject.display_name))
        return redirect("member-detail", member_id=subject.pk)

    def act(self, subject: User) -> None:
        raise NotImplementedError


class DeactivateMember(_MemberAction):
    done = "{name} is deactivated and signed out. Their API tokens have stopped working."

    def act(self, subject: User) -> None:
        members.deactivate(by=self.member, member=subject)


class ReactivateMember(_MemberAction):
    done = "{name} may sign in again."

    def act(self, subject: User) -> None:
        members.reactivate(by=self.member, member=subject)


class SignOutMember(_MemberAction):
    done = "{name} is signed out everywhere."

    def act(self, subject: User) -> None:
        members.sign_out(by=self.member, member=subject)


class ResetSecondFactor(_MemberAction):
    done = "{name} has no second factor any more and is signed out."

    def act(self, subject: User) -> None:
        members.reset_second_factor(by=self.member, member=subject)
        tasks.send_second_factor_off.enqueue_on_commit(user_id=subject.pk)


class _InvitationAction(RoleRequiredMixin):
    """A button beside an invitation."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, invitation_id: int) -> HttpResponse:
        try:
            invitation = invitations.access_invitation(invitation_id)
            words = self.act(invitation)
        except NotFound as error:
            raise Http404(error.message) from error
        except ApplicationError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, words)
        return redirect("member-list")

    def act(self, invitation: Invitation) -> str:
        raise NotImplementedError


class ResendInvitation(_InvitationAction):
    def act(self, invitation: Invitation) -> str:
        invitations.renew(by=self.member, invitation=invitation, at=timezone.now())
        tasks.send_invitation.enqueue_on_commit(invitation_id=invitation.pk)
        return f"A new link is on its way to {invitation.email}. The earlier one stops working."


class RevokeInvitation(_InvitationAction):
    def act(self, invitation: Invitation) -> str:
        invitations.revoke(by=self.member, invitation=invitation, at=timezone.now())
        return f"The invitation of {invitation.email} is revoked."


class ChooseSecondFactorPolicy(RoleRequiredMixin):
    """Who must have a second factor. Owners only."""

    required_role = Role.OWNER
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PolicyForm(request.POST)
        if form.is_valid():
            chosen = SecondFactorPolicy(form.cleaned_data["policy"])
            members.require_second_factor(by=self.member, policy=chosen)
            messages.success(request, f"Second factor: {chosen.label.lower()}.")
        else:
            messages.error(request, "Choose one of the three.")
        return redirect("member-list")
