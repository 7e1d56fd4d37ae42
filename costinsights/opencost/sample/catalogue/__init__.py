"""Which clusters exist in the sample data, by their OpenCost cluster id."""

from costinsights.opencost.sample.catalogue.acme import PROD_EU_1, STAGING_US_1
from costinsights.opencost.sample.catalogue.globex import GLOBEX_MAIN
from costinsights.opencost.sample.catalogue.initech import INITECH_1

CLUSTERS = {cluster.id: cluster for cluster in (PROD_EU_1, STAGING_US_1, GLOBEX_MAIN, INITECH_1)}
