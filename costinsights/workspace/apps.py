from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "costinsights.workspace"
    label = "workspace"
