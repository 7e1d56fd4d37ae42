"""Pages of this app, relative to the tenant's address."""

from django.urls import include, path

from costinsights.accounts import token_urls
from costinsights.accounts.audit import views as audit
from costinsights.accounts.views import joining, members, security, settings, signing_in

urlpatterns = [
    path("settings/audit/", audit.AuditLogPage.as_view(), name="audit-log"),
    path("settings/audit/log.csv", audit.AuditLogDownload.as_view(), name="audit-log-csv"),
    path("", include("costinsights.accounts.single_sign_on.urls")),
    path("sign-in/", signing_in.SignInPage.as_view(), name="sign-in"),
    path("sign-in/code/", signing_in.SignInCodePage.as_view(), name="sign-in-code"),
    path("sign-out/", signing_in.SignOut.as_view(), name="sign-out"),
    path("password/forgot/", signing_in.ForgotPasswordPage.as_view(), name="password-forgot"),
    path("password/forgot/sent/", signing_in.ResetSentPage.as_view(), name="password-sent"),
    path(
        "password/reset/<str:uidb64>/<str:token>/",
        signing_in.ResetPasswordPage.as_view(),
        name="password-reset",
    ),
    path("password/reset/done/", signing_in.ResetDonePage.as_view(), name="password-reset-done"),
    path("join/", joining.AcceptInvitation.as_view(), name="invitation-accept"),
    path("join/<str:invitation_secret>/", joining.OpenInvitation.as_view(), name="invitation-open"),
    path("settings/profile/", settings.ProfilePage.as_view(), name="profile"),
    path("settings/profile/password/", settings.ChangePassword.as_view(), name="password-change"),
    path("", include(token_urls)),
    path(
        "settings/profile/second-factor/",
        security.SecondFactorPage.as_view(),
        name="second-factor",
    ),
    path(
        "settings/profile/second-factor/off/",
        security.DisableSecondFactor.as_view(),
        name="second-factor-off",
    ),
    path(
        "settings/profile/second-factor/codes/",
        security.RenewRecoveryCodes.as_view(),
        name="second-factor-codes",
    ),
    path(
        "settings/profile/sessions/others/revoke/",
        security.RevokeOtherSessions.as_view(),
        name="session-revoke-others",
    ),
    path(
        "settings/profile/sessions/<slug:session_id>/revoke/",
        security.RevokeSession.as_view(),
        name="session-revoke",
    ),
    path("settings/members/", members.MemberListPage.as_view(), name="member-list"),
    path(
        "settings/members/second-factor/",
        members.ChooseSecondFactorPolicy.as_view(),
        name="second-factor-policy",
    ),
    path("settings/members/<int:member_id>/", members.MemberPage.as_view(), name="member-detail"),
    path(
        "settings/members/<int:member_id>/deactivate/",
        members.DeactivateMember.as_view(),
        name="member-deactivate",
    ),
    path(
        "settings/members/<int:member_id>/reactivate/",
        members.ReactivateMember.as_view(),
        name="member-reactivate",
    ),
    path(
        "settings/members/<int:member_id>/sign-out/",
        members.SignOutMember.as_view(),
        name="member-sign-out",
    ),
    path(
        "settings/members/<int:member_id>/second-factor/reset/",
        members.ResetSecondFactor.as_view(),
        name="member-second-factor-reset",
    ),
    path(
        "settings/invitations/<int:invitation_id>/resend/",
        members.ResendInvitation.as_view(),
        name="invitation-resend",
    ),
    path(
        "settings/invitations/<int:invitation_id>/revoke/",
        members.RevokeInvitation.as_view(),
        name="invitation-revoke",
    ),
]
