"""The columns of the history page's table that somebody may show or leave away."""

from costinsights.costs.charts import COMPONENT_NAMES

COLUMNS = {"share": "% of total", **COMPONENT_NAMES, "efficiency": "Efficiency"}
SHOWN_COLUMNS = ("share", "efficiency")
