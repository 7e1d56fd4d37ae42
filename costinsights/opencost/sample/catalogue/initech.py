"""The cluster of the demo tenant `initech`: a few machines of its own."""

from costinsights.opencost.sample.catalogue.builders import (
    bare,
    box,
    cron,
    daemon,
    deploy,
    namespace,
    operator,
    stateful,
    system_namespace,
)
from costinsights.opencost.sample.specs import ClusterSpec, NodePool, Prices

INITECH_1 = ClusterSpec(
    id="initech-1",
    provider="custom",
    region="",
    account="",
    prices=Prices(
        core=0.031611, ram=0.004237, gpu=0.95, volume=0.00005479452, load_balancer=0.0,
        zone_traffic=0.0, internet_traffic=0.0, nat_traffic=0.0,
    ),
    pools=(NodePool("worker", "k3s", 4, 12, 0, "worker-{a}", "k3s://worker-{a}"),),
    zones=(),
    fill=0.97,
    kubernetes_version="1.31",
    namespaces=(
        namespace("tps-reports", "reports", "4100", "reports", (
            deploy("renderer", 3, box("renderer", 0.8, 2.0, 0.5, 0.7), rhythm="office", scales=True),
            deploy("cover-sheets", 1, box("app", 0.3, 0.5, 0.3), rhythm="office"),
            cron("month-end", "nightly", 1, box("batch", 1.0, 2.0, 0.9)),
        )),
        namespace("intranet", "it", "4200", "workplace", (
            deploy("wiki", 1, box("wiki", 0.5, 1.5, 0.3), rhythm="office", scales=True, most=6),
            stateful("wiki-db", 1, box("postgres", 0.5, 2.0, 0.3, 0.8), volume=40),
        )),
        namespace("printers", "it", "4200", "workplace", (
            deploy("cups", 1, box("cups", 0.2, 0.3, 0.1), rhythm="office"),
        )),
        namespace("banking-core", "core", "4000", "banking", (
            deploy("accounts", 3, box("accounts", 1.0, 2.0, 0.5), rhythm="office", scales=True, floor=2),
            stateful("accounts-db", 2, box("postgres", 1.0, 4.0, 0.4, 0.85), volume=200, rhythm="office"),
            cron("audit-export", "adhoc", 3, box("export", 0.4, 1.0, 0.9)),
            stateful("archive", 1, box("archive", 1.2, 3.0, 0.3, 0.7), volume=300),
            deploy("rounding-service", 1, box("app", 0.3, 0.5, 0.4), rhythm="office"),
        )),
        namespace("monitoring", "it", "4200", "workplace", (
            stateful("prometheus", 1, box("prometheus", 0.8, 4.0, 0.5, 0.8), volume=80),
            daemon("node-exporter", box("node-exporter", 0.05, 0.06, 0.4)),
        )),
        namespace("old-project", "", "", "", (
            bare("do-not-delete", box("app", 0.5, 1.0, 0.02, 0.2), volume=20),
        ), growth=0.0, unmounted=100),
        operator("cert-manager", "it", "4200"),
        system_namespace("metal"),
    ),
)  # fmt: skip
