"""An OpenCost to look at: speaks its API over a deterministic generator of several clusters."""

from costinsights.local.demo_opencost.catalogue import CLUSTERS
from costinsights.local.demo_opencost.faults import Fault
from costinsights.local.demo_opencost.server import DEMO_TOKEN, DemoServer, OpenCostServer

__all__ = ["CLUSTERS", "DEMO_TOKEN", "DemoServer", "Fault", "OpenCostServer"]
