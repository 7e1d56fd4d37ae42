"""The platform's own address: find a workspace."""

from django.urls import path, re_path

from costinsights.views import landing, staff_moved
from costinsights.workspace.sign_up import views as sign_up

urlpatterns = [
    path("", landing, name="landing"),
    path("sign-up/", sign_up.SignUpPage.as_view(), name="sign-up"),
    path("sign-up/address/", sign_up.SlugStatePage.as_view(), name="sign-up-address"),
    path("sign-up/sent/", sign_up.SignUpSentPage.as_view(), name="sign-up-sent"),
    path(
        "sign-up/confirm/<str:sign_up_secret>/",
        sign_up.ConfirmSignUpPage.as_view(),
        name="sign-up-confirm",
    ),
    re_path(r"^admin/.*$", staff_moved, name="staff-moved"),
]

handler400 = "costinsights.error_views.bad_request"
handler403 = "costinsights.error_views.permission_denied"
handler404 = "costinsights.error_views.not_found"
handler500 = "costinsights.error_views.server_error"
