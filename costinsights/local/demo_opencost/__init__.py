"""An OpenCost to look at: speaks its API over a deterministic generator of several clusters."""

from costinsights.local.demo_opencost.faults import Fault
from costinsights.local.demo_opencost.server import DEMO_TOKEN, DemoServer, OpenCostServer
from costinsights.opencost.sample.catalogue import CLUSTERS

__all__ = ["CLUSTERS", "DEMO_TOKEN", "DemoServer", "Fault", "OpenCostServer"]
