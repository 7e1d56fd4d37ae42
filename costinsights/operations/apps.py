from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "costinsights.operations"
    label = "operations"

    def ready(self) -> None:
        from costinsights.operations import conditions, jobs  # need the apps to be loaded

        jobs.listen()
        conditions.register_all()
