"""Pages of this app, relative to the tenant's address."""

from django.urls import path

from costinsights.workspace.first_steps import views as first_steps
from costinsights.workspace.plan import views as plan
from costinsights.workspace.settings import views as settings
from costinsights.workspace.support import views as support

urlpatterns = [
    path("settings/workspace/", settings.SettingsPage.as_view(), name="workspace-settings"),
    path("settings/workspace/logo/", settings.LogoUpload.as_view(), name="workspace-logo-upload"),
    path(
        "settings/workspace/logo/remove/",
        settings.LogoRemove.as_view(),
        name="workspace-logo-remove",
    ),
    path("logo", settings.LogoPicture.as_view(), name="workspace-logo"),
    path("sample-data/", first_steps.LoadSampleData.as_view(), name="sample-data-load"),
    path("sample-data/remove/", first_steps.RemoveSampleData.as_view(), name="sample-data-remove"),
    path("first-steps/hide/", first_steps.HideChecklist.as_view(), name="checklist-hide"),
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
