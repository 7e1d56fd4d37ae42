"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.workspace.first_steps import api as first_steps
from costinsights.workspace.plan import api as plan
from costinsights.workspace.settings import api as settings
from costinsights.workspace.support import api as support

urlpatterns = [
    path("workspace/", settings.WorkspaceView.as_view(), name="api-workspace"),
    path("workspace/logo", settings.LogoView.as_view(), name="api-workspace-logo"),
    path("workspace/checklist", first_steps.ChecklistView.as_view(), name="api-checklist"),
    path("workspace/sample-data", first_steps.SampleDataView.as_view(), name="api-sample-data"),
    path("workspace/plan", plan.PlanView.as_view(), name="api-plan"),
    path("workspace/features", plan.FeaturesView.as_view(), name="api-features"),
    path("workspace/usage", plan.UsageView.as_view(), name="api-usage"),
    path("workspace/trial", plan.TrialView.as_view(), name="api-trial"),
    path("support-grants/", support.SupportGrantListView.as_view(), name="api-support-grant-list"),
    path(
        "support-grants/<int:grant_id>/<slug:decision>/",
        support.SupportDecisionView.as_view(),
        name="api-support-grant-decide",
    ),
]
