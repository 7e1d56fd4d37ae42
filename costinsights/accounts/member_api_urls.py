"""Members, invitations and sessions in the API, relative to /api/v1/."""

from django.urls import path

from costinsights.accounts import members_api, sessions_api

urlpatterns = [
    path("me/sessions/", sessions_api.SessionListView.as_view(), name="api-session-list"),
    path(
        "me/sessions/<slug:session_id>/",
        sessions_api.SessionView.as_view(),
        name="api-session-detail",
    ),
    path("members/", members_api.MemberListView.as_view(), name="api-member-list"),
    path(
        "members/second-factor-policy/",
        members_api.SecondFactorPolicyView.as_view(),
        name="api-second-factor-policy",
    ),
    path("members/<int:member_id>/", members_api.MemberView.as_view(), name="api-member-detail"),
    path(
        "members/<int:member_id>/sessions/",
        members_api.MemberSessionsView.as_view(),
        name="api-member-sessions",
    ),
    path(
        "members/<int:member_id>/second-factor/",
        members_api.MemberSecondFactorView.as_view(),
        name="api-member-second-factor",
    ),
    path("invitations/", members_api.InvitationListView.as_view(), name="api-invitation-list"),
    path(
        "invitations/<int:invitation_id>/",
        members_api.InvitationView.as_view(),
        name="api-invitation-detail",
    ),
    path(
        "invitations/<int:invitation_id>/resend/",
        members_api.InvitationResendView.as_view(),
        name="api-invitation-resend",
    ),
]
