"""The cluster of the demo tenant `globex`, on Google Cloud."""

from costinsights.opencost.sample.catalogue.builders import (
    bare,
    box,
    cron,
    deploy,
    namespace,
    observability,
    operator,
    replica_set,
    rollout,
    stateful,
    system_namespace,
)
from costinsights.opencost.sample.specs import ClusterSpec, NodePool, Prices

GLOBEX_MAIN = ClusterSpec(
    id="globex-main",
    provider="GCP",
    region="europe-west4",
    account="globex-prod-7f21",
    prices=Prices(core=0.0304, ram=0.00407, gpu=0.7, volume=0.00014, load_balancer=0.025),
    pools=(
        NodePool(
            "default-pool", "e2-standard-8", 8, 32, 0,
            "gke-globex-main-default-pool-3f9a1c2e-{code}", "gke-globex-main-default-pool-3f9a1c2e-{code}",
        ),
    ),
    orphaned_gib=120,
    namespaces=(
        namespace("storefront", "web", "GX-20", "shop", (
            rollout("web", 5, box("web", 0.8, 1.5, 0.6), rhythm="shop", scales=True, net=1.2, most=24,
                    balancer="web-edge"),
            deploy("bff", 3, box("bff", 0.6, 1.0, 0.5), rhythm="shop", scales=True, net=0.4),
        )),
        namespace("orders", "commerce", "GX-10", "shop", (
            deploy("orders", 3, box("orders", 0.6, 1.5, 0.5), rhythm="shop", scales=True),
            stateful("orders-db", 2, box("postgres", 1.0, 6.0, 0.4, 0.85), volume=150, rhythm="shop"),
        )),
        namespace("billing", "commerce", "GX-10", "shop", (
            deploy("billing-api", 2, box("api", 0.5, 1.0, 0.4), rhythm="office", scales=True),
            cron("invoice-run", "nightly", 2, box("invoice", 1.0, 2.0, 0.95)),
        )),
        namespace("catalog", "commerce", "GX-10", "shop", (
            deploy("catalog", 3, box("catalog", 0.5, 1.5, 0.45), rhythm="shop", scales=True),
            stateful("elasticsearch", 3, box("elasticsearch", 1.0, 6.0, 0.45, 0.9), volume=120, rhythm="shop"),
        )),
        namespace("analytics", "data", "GX-30", "insight", (
            stateful("clickhouse", 3, box("clickhouse", 2.0, 10.0, 0.5, 0.8), volume=400, rhythm="office"),
            deploy("metabase", 1, box("metabase", 0.5, 2.0, 0.4), rhythm="office"),
        ), growth=1.3),
        namespace("etl", "data", "GX-30", "insight", (
            cron("warehouse-load", "nightly", 4, box("loader", 2.0, 6.0, 1.1, 0.9), most=18),
            cron("model-refresh", "adhoc", 3, box("loader", 1.5, 5.0, 0.9)),
            deploy("dagster", 1, box("dagster", 0.5, 1.5, 0.4)),
        )),
        namespace("messaging", "platform", "GX-40", "platform", (
            stateful("rabbitmq", 3, box("rabbitmq", 0.6, 2.0, 0.4, 0.7), volume=30, rhythm="shop"),
        )),
        namespace("auth", "platform", "GX-40", "platform", (
            deploy("ory-kratos", 2, box("kratos", 0.3, 0.5, 0.4), rhythm="shop"),
            deploy("ory-hydra", 2, box("hydra", 0.3, 0.5, 0.3), rhythm="shop"),
        )),
        namespace("cms", "web", "GX-20", "shop", (
            deploy("strapi", 2, box("strapi", 0.5, 1.5, 0.3), rhythm="office"),
            stateful("cms-mysql", 1, box("mysql", 0.5, 2.0, 0.3, 0.8), volume=40),
        ), unmounted=60),
        namespace("support-bot", "support", "GX-50", "service", (
            deploy("bot", 2, box("bot", 0.8, 3.0, 0.4), rhythm="office", scales=True),
        )),
        namespace("mobile-api", "mobile", "GX-20", "shop", (
            rollout("mobile-api", 4, box("api", 0.6, 1.0, 0.6), rhythm="shop", scales=True, net=0.8),
        ), growth=1.5),
        namespace("dev-tools", "platform", "GX-40", "platform", (
            deploy("sonarqube", 1, box("sonarqube", 1.0, 4.0, 0.2, 0.7), rhythm="office"),
            deploy("registry-cache", 1, box("registry", 0.3, 1.0, 0.3), rhythm="office", net=0.6),
        ), env="shared"),
        namespace("crm-import", "", "", "", (
            replica_set("importer", 1, box("importer", 0.5, 1.0, 0.1)),
            bare("debug-shell", box("shell", 0.25, 0.5, 0.02, 0.1)),
        ), growth=0.0),
        operator("cert-manager", "platform", "GX-40"),
        operator("external-secrets", "platform", "GX-40"),
        namespace("ingress-nginx", "platform", "GX-40", "platform", (
            deploy("ingress-nginx-controller", 3, box("controller", 0.5, 0.8, 0.55), rhythm="shop", scales=True, net=1.5,
                   floor=2, balancer="ingress-nginx-controller"),
        )),
        observability("GX-40", scale=0.6),
        system_namespace("gcp"),
    ),
)  # fmt: skip
