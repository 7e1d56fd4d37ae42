"""The two clusters of the demo tenant `acme`: production in Europe, staging in the United States."""

from costinsights.opencost.sample.catalogue.builders import (
    aws_pool,
    bare,
    box,
    campaigns,
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
from costinsights.opencost.sample.specs import ClusterSpec, Prices

_EU = Prices(core=0.0367, ram=0.0049, gpu=0.95, volume=0.00013, load_balancer=0.027)
_US = Prices(core=0.0311, ram=0.00416, gpu=0.85, volume=0.00011, load_balancer=0.0225)

PROD_EU_1 = ClusterSpec(
    id="prod-eu-1",
    provider="AWS",
    region="eu-central-1",
    account="412093857716",
    prices=_EU,
    pools=(
        aws_pool("general", "m6i.2xlarge", 8, 32, "eu-central-1", "10.2"),
        aws_pool("gpu", "g5.xlarge", 4, 16, "eu-central-1", "10.3", gpus=1, gpu_model="NVIDIA-A10G"),
    ),
    orphaned_gib=320,
    orphaned_balancers=("legacy-gateway",),
    namespaces=(
        namespace("payments", "payments", "CC-1010", "commerce", (
            deploy("payments-api", 6, box("api", 1.0, 2.0, 0.62), rhythm="shop", scales=True, sidecar=True, net=0.6),
            stateful("ledger", 3, box("ledger", 1.5, 8.0, 0.55, 0.8), volume=200, rhythm="shop"),
            deploy("fraud-scoring", 3, box("scorer", 2.0, 3.0, 0.7), rhythm="shop", scales=True),
            cron("settlement", "nightly", 2, box("settle", 1.0, 4.0, 0.9)),
        ), annotations=(("finops_acme_test_owner", "payments-leads"),)),
        namespace("checkout", "checkout", "CC-1010", "commerce", (
            rollout("checkout-api", 6, box("api", 1.0, 1.5, 0.66), rhythm="shop", scales=True, sidecar=True, net=0.8,
                    most=34, balancer="checkout-edge"),
            deploy("cart", 4, box("cart", 0.5, 1.0, 0.5), rhythm="shop", scales=True, net=0.4),
            stateful("cart-redis", 3, box("redis", 0.5, 4.0, 0.2, 0.85), volume=20, rhythm="shop"),
        )),
        namespace("storefront", "web", "CC-1020", "commerce", (
            rollout("storefront", 8, box("web", 0.75, 1.5, 0.58), rhythm="shop", scales=True, net=1.4),
            deploy("graphql", 5, box("gateway", 1.0, 2.0, 0.6), rhythm="shop", scales=True, net=0.9),
        ), growth=1.2),
        namespace("search", "search", "CC-1020", "discovery", (
            stateful("opensearch-data", 4, box("opensearch", 2.0, 12.0, 0.5, 0.9), volume=400, rhythm="shop"),
            stateful("opensearch-master", 3, box("opensearch", 0.5, 2.0, 0.2, 0.7), volume=10),
            deploy("query-api", 4, box("api", 0.8, 1.0, 0.6), rhythm="shop", scales=True, net=0.5),
            cron("reindex", "nightly", 2, box("indexer", 2.0, 6.0, 1.1, 0.9), most=20),
        )),
        namespace("catalog", "catalog", "CC-1020", "discovery", (
            deploy("catalog-api", 4, box("api", 0.8, 2.0, 0.5), rhythm="shop", scales=True),
            stateful("catalog-postgres", 2, box("postgres", 2.0, 8.0, 0.35, 0.85), volume=250, rhythm="shop"),
            cron("feed-import", "six-hourly", 1, box("import", 1.0, 2.0, 0.95)),
        )),
        namespace("recommendations", "ml-platform", "CC-1030", "discovery", (
            deploy("ranker", 4, box("ranker", 1.5, 4.0, 0.65), rhythm="shop", scales=True, net=0.3),
            deploy("feature-cache", 3, box("cache", 0.5, 8.0, 0.3, 0.75), rhythm="shop"),
        ), growth=1.4),
        namespace("ml-training", "ml-platform", "CC-1030", "machine-learning", (
            cron("recommender-training", "training", 2, box("trainer", 3.0, 12.0, 0.8, 0.85), gpu=1, gpu_use=0.86, most=7),
            cron("experiment", "adhoc", 2, box("trainer", 3.0, 12.0, 0.7, 0.8), gpu=1, gpu_use=0.62),
            deploy("notebook-hub", 2, box("hub", 0.5, 2.0, 0.3), rhythm="office"),
            bare("notebook-maria", box("notebook", 1.0, 6.0, 0.1, 0.4), volume=50, rhythm="office"),
        ), unmounted=200),
        namespace("ml-serving", "ml-platform", "CC-1030", "machine-learning", (
            deploy("vision-inference", 1, box("triton", 2.5, 10.0, 0.5, 0.7), rhythm="shop", gpu=1, gpu_use=0.34, net=0.2),
        )),
        namespace("data-platform", "data", "CC-1040", "data", (
            stateful("kafka", 3, box("kafka", 2.0, 8.0, 0.5, 0.9), volume=500, rhythm="shop", net=1.6),
            stateful("zookeeper", 3, box("zookeeper", 0.5, 1.0, 0.2, 0.6), volume=20),
            deploy("schema-registry", 2, box("registry", 0.3, 1.0, 0.2)),
            deploy("connect", 3, box("worker", 1.0, 3.0, 0.5), rhythm="shop"),
        )),
        namespace("data-pipelines", "data", "CC-1040", "data", (
            stateful("airflow-worker", 3, box("worker", 1.5, 4.0, 0.6), rhythm="office"),
            deploy("airflow-scheduler", 1, box("scheduler", 1.0, 2.0, 0.5)),
            cron("daily-aggregates", "nightly", 6, box("spark-executor", 3.0, 10.0, 1.15, 0.9)),
            cron("backfill", "adhoc", 5, box("spark-executor", 2.0, 8.0, 1.05, 0.85)),
            cron("weekly-report", "monday", 3, box("spark-executor", 3.0, 10.0, 1.1, 0.9)),
        ), growth=1.3),
        namespace("orders", "orders", "CC-1010", "commerce", (
            deploy("orders-api", 4, box("api", 0.8, 1.5, 0.55), rhythm="shop", scales=True, sidecar=True),
            stateful("orders-postgres", 2, box("postgres", 2.0, 8.0, 0.4, 0.9), volume=300, rhythm="shop"),
            deploy("orders-consumer", 3, box("consumer", 0.5, 1.0, 0.7), rhythm="shop", scales=True),
        )),
        namespace("inventory", "supply", "CC-1050", "supply-chain", (
            deploy("inventory-api", 3, box("api", 0.6, 1.5, 0.4), rhythm="office", scales=True),
            stateful("inventory-mysql", 2, box("mysql", 1.0, 6.0, 0.3, 0.85), volume=120, rhythm="office"),
        )),
        namespace("shipping", "supply", "CC-1050", "supply-chain", (
            deploy("label-service", 2, box("labels", 0.5, 1.0, 0.45), rhythm="office", scales=True),
            deploy("carrier-gateway", 3, box("gateway", 0.4, 0.8, 0.5), rhythm="office", net=0.3),
        )),
        namespace("pricing", "pricing", "CC-1020", "commerce", (
            deploy("pricing-engine", 3, box("engine", 1.5, 3.0, 0.72), rhythm="shop", scales=True),
            cron("price-import", "six-hourly", 1, box("import", 0.5, 1.0, 0.9)),
        )),
        namespace("identity", "identity", "CC-1060", "platform", (
            stateful("keycloak", 3, box("keycloak", 1.0, 3.0, 0.4, 0.8), rhythm="shop"),
            stateful("keycloak-postgres", 2, box("postgres", 0.5, 3.0, 0.3, 0.8), volume=40),
        )),
        namespace("notifications", "engagement", "CC-1070", "engagement", (
            deploy("dispatcher", 3, box("dispatcher", 0.6, 1.0, 0.6), rhythm="shop", scales=True, net=0.5, most=24),
            deploy("template-renderer", 2, box("renderer", 0.5, 1.0, 0.4), rhythm="office"),
        )),
        namespace("media", "web", "CC-1020", "commerce", (
            deploy("image-resizer", 4, box("resizer", 1.0, 1.5, 0.85), rhythm="shop", scales=True, net=1.2),
            deploy("asset-sync", 2, box("sync", 0.3, 0.6, 0.4), net=1.1),
        ), unmounted=150),
        namespace("customer-support", "support", "CC-1070", "engagement", (
            deploy("helpdesk", 2, box("app", 0.8, 2.5, 0.35), rhythm="office"),
            stateful("helpdesk-postgres", 1, box("postgres", 0.5, 2.0, 0.3, 0.8), volume=60),
        ), growth=0.3),
        namespace("analytics-sandbox", "data", "CC-1040", "data", (
            deploy("trino-worker", 4, box("trino", 2.0, 10.0, 0.5, 0.8), rhythm="worktime", scales=True, floor=0),
            deploy("superset", 2, box("superset", 0.5, 2.0, 0.3), rhythm="office"),
        )),
        namespace("partner-api", "partners", "CC-1080", "partners", (
            deploy("partner-gateway", 3, box("gateway", 0.6, 1.0, 0.5), rhythm="office", scales=True, net=0.7,
                   balancer="partner-edge"),
        )),
        namespace("loyalty", "engagement", "CC-1070", "engagement", (
            deploy("loyalty-api", 2, box("api", 0.5, 1.5, 0.4), rhythm="shop", scales=True),
            stateful("loyalty-mongo", 3, box("mongod", 0.5, 3.0, 0.35, 0.85), volume=80, rhythm="shop"),
        )),
        namespace("legacy-erp", "", "", "", (
            replica_set("erp-bridge", 2, box("bridge", 1.0, 4.0, 0.12, 0.5)),
            bare("erp-migration-shell", box("shell", 0.5, 2.0, 0.02, 0.1), volume=100),
        ), growth=0.0, unmounted=500),
        namespace("team-playground", "", "", "", (
            deploy("hello-world", 2, box("web", 0.25, 0.5, 0.05, 0.3)),
            deploy("chat-prototype", 1, box("app", 1.0, 4.0, 0.15, 0.4), rhythm="office"),
        ), growth=0.0),
        namespace("vault", "platform", "CC-1060", "platform", (
            stateful("vault", 3, box("vault", 0.5, 1.0, 0.2, 0.6), volume=20),
        ), growth=0.0),
        namespace("argo-cd", "platform", "CC-1060", "platform", (
            stateful("application-controller", 1, box("controller", 1.0, 2.5, 0.5, 0.8), rhythm="office"),
            deploy("repo-server", 2, box("repo-server", 0.5, 1.0, 0.35), rhythm="office"),
            deploy("server", 2, box("server", 0.2, 0.4, 0.2), rhythm="office"),
        ), growth=0.2),
        operator("cert-manager", "platform", "CC-1060"),
        operator("external-dns", "platform", "CC-1060"),
        namespace("ingress-nginx", "platform", "CC-1060", "platform", (
            deploy("ingress-nginx-controller", 4, box("controller", 0.8, 1.0, 0.6), rhythm="shop", scales=True, net=2.2,
                   floor=2, balancer="ingress-nginx-controller"),
        )),
        observability("CC-1060", scale=1.0),
        system_namespace("aws"),
        *(
            namespace(name, "growth", "CC-1090", "campaigns", (
                deploy("landing", 3, box("web", 0.5, 1.0, 0.5), rhythm="shop", scales=True, net=0.6),
                deploy("voucher-api", 2, box("api", 0.5, 1.0, 0.55), rhythm="shop"),
                stateful("voucher-redis", 1, box("redis", 0.3, 2.0, 0.2, 0.6), volume=10),
            ), life=life, growth=0.0)
            for name, life in campaigns()
        ),
    ),
)  # fmt: skip

STAGING_US_1 = ClusterSpec(
    id="staging-us-1",
    provider="AWS",
    region="us-east-1",
    account="905771436628",
    prices=_US,
    timezone_shift=6,
    pools=(aws_pool("general", "m6a.xlarge", 4, 16, "us-east-1", "10.9"),),
    orphaned_gib=60,
    namespaces=(
        namespace("payments", "payments", "CC-1010", "commerce", (
            deploy("payments-api", 2, box("api", 0.5, 1.0, 0.2), rhythm="office", scales=True),
            stateful("ledger", 1, box("ledger", 0.5, 3.0, 0.2), volume=40),
        ), env="staging"),
        namespace("checkout", "checkout", "CC-1010", "commerce", (
            rollout("checkout-api", 2, box("api", 0.5, 1.0, 0.2), rhythm="office", scales=True),
            deploy("cart", 1, box("cart", 0.3, 0.5, 0.2), rhythm="office"),
        ), env="staging"),
        namespace("storefront", "web", "CC-1020", "commerce", (
            rollout("storefront", 2, box("web", 0.4, 1.0, 0.2), rhythm="office", scales=True),
        ), env="staging"),
        namespace("search", "search", "CC-1020", "discovery", (
            stateful("opensearch-data", 2, box("opensearch", 0.8, 4.0, 0.2, 0.8), volume=60),
            deploy("query-api", 1, box("api", 0.4, 0.6, 0.2), rhythm="office"),
        ), env="staging"),
        namespace("release-checks", "quality", "CC-1095", "platform", (
            cron("e2e-suite", "adhoc", 4, box("browser", 1.0, 2.0, 0.9)),
        ), env="test"),
        namespace("qa-postgres", "quality", "CC-1095", "platform", (
            stateful("postgres", 2, box("postgres", 1.0, 5.0, 0.3, 0.85), volume=100, rhythm="office"),
        ), env="staging"),
        namespace("ci-runners", "platform", "CC-1060", "platform", (
            deploy("runner", 6, box("runner", 1.2, 3.0, 0.7), rhythm="office", scales=True, net=0.8, most=26),
            deploy("controller", 1, box("manager", 0.2, 0.4, 0.3)),
        ), env="staging"),
        namespace("sandbox-intern", "", "", "", (
            bare("jupyter", box("notebook", 1.0, 4.0, 0.05, 0.3), volume=30),
        ), growth=0.0),
        namespace("load-test", "quality", "CC-1095", "platform", (
            deploy("k6-operator", 1, box("manager", 0.1, 0.2, 0.2)),
            deploy("k6-agent", 5, box("agent", 1.0, 2.0, 0.6), rhythm="worktime", scales=True, floor=0, net=0.5),
            deploy("target-environment", 4, box("web", 1.0, 2.5, 0.4), rhythm="worktime", scales=True, floor=0),
        ), env="test"),
        namespace("feature-previews", "web", "CC-1020", "commerce", (
            deploy("preview-controller", 1, box("controller", 0.2, 0.4, 0.3), rhythm="office"),
            replica_set("preview-4711", 1, box("web", 0.3, 0.8, 0.1), rhythm="office"),
            replica_set("preview-4716", 1, box("web", 0.3, 0.8, 0.1), rhythm="office"),
        ), env="test", unmounted=80),
        operator("cert-manager", "platform", "CC-1060"),
        namespace("ingress-nginx", "platform", "CC-1060", "platform", (
            deploy("ingress-nginx-controller", 2, box("controller", 0.3, 0.5, 0.3), rhythm="office", net=0.4,
                   balancer="ingress-nginx-controller"),
        ), env="staging"),
        observability("CC-1060", scale=0.35, env="staging"),
        system_namespace("aws"),
    ),
)  # fmt: skip
