from django.apps import AppConfig


class CostsConfig(AppConfig):
    """The tenant's clusters and what they cost now."""

    name = "costinsights.costs"
    label = "costs"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "costs"

    def ready(self) -> None:
        from costinsights.core.readiness import register
        from costinsights.costs.history.planner import planner_lag, slow_lane_lag

        register("planner", planner_lag)
        register("slow_lane", slow_lane_lag)
