"""Pages of this app, relative to the tenant's address."""

from django.urls import include, path

from costinsights.accounts import token_urls
from costinsights.accounts.views import settings, signing_in

urlpatterns = [
    path("sign-in/", signing_in.SignInPage.as_view(), name="sign-in"),
    path("sign-out/", signing_in.SignOut.as_view(), name="sign-out"),
    path("password/forgot/", signing_in.ForgotPasswordPage.as_view(), name="password-forgot"),
    path("password/forgot/sent/", signing_in.ResetSentPage.as_view(), name="password-sent"),
    path(
        "password/reset/<str:uidb64>/<str:token>/",
        signing_in.ResetPasswordPage.as_view(),
        name="password-reset",
    ),
    path("password/reset/done/", signing_in.ResetDonePage.as_view(), name="password-reset-done"),
    path("settings/profile/", settings.ProfilePage.as_view(), name="profile"),
    path("settings/profile/password/", settings.ChangePassword.as_view(), name="password-change"),
    path("", include(token_urls)),
]
