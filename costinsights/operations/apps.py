from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "costinsights.operations"
    label = "operations"

    def ready(self) -> None:
        from costinsights.core.jobs import register_around_jobs  # these need the apps to be loaded
        from costinsights.operations import conditions, jobs, telemetry

        jobs.listen()
        register_around_jobs(telemetry.around_job)
        conditions.register_all()
