"""What a stage needs done with the product's own functions, in a process with the product's settings.

    python -m tests.faults.inside '{"postgres": {"clusters": {"c1": "http://…"}, "days": 30}}'

Creates a suspended workspace for each name, its clusters and their backfills; prints {name: schema}.
"""

import json
import sys
from typing import Any


def _main() -> None:
    import django

    django.setup()

    from tenants.models import Plan, Tenant, TenantStatus
    from tenants.services import create_tenant

    schemas = {}
    for slug, wanted in json.loads(sys.argv[1]).items():
        tenant = create_tenant(name=slug.title(), slug=slug, plan=Plan.ENTERPRISE)
        schemas[slug] = tenant.schema_name
        _connect(tenant, wanted)
        Tenant.objects.filter(pk=tenant.pk).update(status=TenantStatus.SUSPENDED)
    sys.stdout.write(json.dumps(schemas))


def _connect(tenant: Any, wanted: dict[str, Any]) -> None:
    from django.utils import timezone

    from costinsights.core.tenancy import tenant_context
    from costinsights.costs.history import ledger
    from costinsights.costs.models import Cluster

    with tenant_context(tenant):
        for slug, url in wanted["clusters"].items():
            cluster = Cluster.objects.create(name=slug, slug=slug, opencost_url=url, currency="USD")
            if wanted["days"]:
                ledger.start_backfill(cluster, now=timezone.now(), days=wanted["days"])


if __name__ == "__main__":
    _main()
