"""Cost Insights: what Kubernetes costs, per tenant, over OpenCost."""

from costinsights.celery import app as celery_app

__all__ = ["celery_app"]
