"""Which clusters exist in the demo, by their OpenCost cluster id."""

from costinsights.local.demo_opencost.catalogue.acme import PROD_EU_1, STAGING_US_1
from costinsights.local.demo_opencost.catalogue.globex import GLOBEX_MAIN
from costinsights.local.demo_opencost.catalogue.initech import INITECH_1

CLUSTERS = {cluster.id: cluster for cluster in (PROD_EU_1, STAGING_US_1, GLOBEX_MAIN, INITECH_1)}
