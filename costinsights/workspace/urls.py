"""Pages of this app, relative to the tenant's address."""

from django.urls import path

from costinsights.workspace.plan import views as plan
from costinsights.workspace.support import views as support

urlpatterns = [
    path("settings/plan/", plan.PlanPage.as_view(), name="plan-usage"),
    path("settings/plan/measure/", plan.MeasureUsage.as_view(), name="plan-measure"),
    path("settings/plan/trial/", plan.StartTrial.as_view(), name="plan-trial"),
    path("settings/support/", support.SupportAccessPage.as_view(), name="support-access"),
    path(
        "settings/support/<int:grant_id>/<slug:decision>/",
        support.DecideOnSupport.as_view(),
        name="support-decide",
    ),
    path("support/enter/", support.EnterAsSupport.as_view(), name="support-enter"),
    path("support/leave/", support.LeaveSupport.as_view(), name="support-leave"),
]
