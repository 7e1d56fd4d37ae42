from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Reporting"

    def ready(self) -> None:
        from reporting.reports import tasks  # noqa: F401  # jobs beside those that Celery finds by itself
