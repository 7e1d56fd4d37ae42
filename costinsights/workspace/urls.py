"""Pages of this app, relative to the tenant's address."""

from django.urls import path

from costinsights.workspace.support import views as support

urlpatterns = [
    path("settings/support/", support.SupportAccessPage.as_view(), name="support-access"),
    path(
        "settings/support/<int:grant_id>/<slug:decision>/",
        support.DecideOnSupport.as_view(),
        name="support-decide",
    ),
    path("support/enter/", support.EnterAsSupport.as_view(), name="support-enter"),
    path("support/leave/", support.LeaveSupport.as_view(), name="support-leave"),
]
