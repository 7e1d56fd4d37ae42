"""The tenants of the demo, with their people and with clusters that ask the demo OpenCost."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.accounts.services import create_user
from costinsights.core.tenancy import current_tenant, public_context, tenant_context
from costinsights.costs.budgets import services as budgets
from costinsights.costs.history import ledger
from costinsights.costs.models import Budget, Cluster
from costinsights.costs.tasks import keep_history, keep_layers
from costinsights.local.addresses import PASSWORD
from costinsights.local.demo_statements import make_statements
from costinsights.opencost.sample.answers import VERSION
from tenants.features import PlatformSwitch
from tenants.limits import retention_days_of
from tenants.models import Domain, FeatureSwitch, Plan, StaffUser, Tenant
from tenants.services import create_tenant
from tenants.staff import second_factor

STAFF = "staff@costinsights.test"


@dataclass(frozen=True, slots=True)
class DemoCluster:
    """A cluster and the id under which the demo OpenCost serves it."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class DemoBudget:
    """A monthly budget in dollars; an empty filter is all costs."""

    name: str
    amount: str
    filter_text: str = ""


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """A tenant of the demo; its reporting currency is that of its clusters."""

    slug: str
    name: str
    plan: Plan
    clusters: tuple[DemoCluster, ...]
    budgets: tuple[DemoBudget, ...] = ()


TENANTS = (
    DemoTenant(
        "acme",
        "Acme",
        Plan.ENTERPRISE,
        (
            DemoCluster("prod-eu-1", "Production EU"),
            DemoCluster("staging-us-1", "Staging US"),
        ),
        (
            DemoBudget("Whole platform", "15500"),
            DemoBudget("Search", "1500", 'namespace:"search"'),
        ),
    ),
    DemoTenant(
        "globex",
        "Globex",
        Plan.SAAS,
        (DemoCluster("globex-main", "Globex main"),),
        (
            DemoBudget("Whole platform", "2100"),
            DemoBudget("Analytics", "600", 'namespace:"analytics"'),
        ),
    ),
    DemoTenant("initech", "Initech", Plan.COMMUNITY, (DemoCluster("initech-1", "Initech"),)),
)
HISTORY_DAYS = 60  # of every demo cluster, read after the start
PEOPLE = (("owner", Role.OWNER), ("viewer", Role.VIEWER))


class Command(BaseCommand):
    help = "Create or complete the demo's tenants. Their password is public: demo mode only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--opencost", required=True, help="base URL of the demo OpenCost")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError(
                "The demo's passwords are public. Set DEMO_MODE=1 if this installation is a demo."
            )
        make_demo(opencost=options["opencost"].rstrip("/"))
        self.stdout.write(f"{', '.join(tenant.name for tenant in TENANTS)} are ready.")


def make_demo(*, opencost: str) -> None:
    """Create what is missing and point the demo's clusters to `opencost`. Safe to repeat.

    What people changed in the demo since stays: only the clusters' addresses are set again.
    """
    with public_context():
        if not Tenant.objects.exists():
            switch = FeatureSwitch.objects.get(name=PlatformSwitch.SELF_SERVICE_SIGN_UP)
            switch.active = True
            switch.save()  # a row's save, not an update: it empties the switch's cache
    for wanted in TENANTS:
        tenant = _tenant(wanted)
        with tenant_context(tenant), transaction.atomic():
            _people(wanted)
            _clusters(wanted, opencost)
            _budgets(wanted)
            if wanted.plan == Plan.ENTERPRISE:
                make_statements(now=timezone.now(), history_days=HISTORY_DAYS)
            keep_history.enqueue_on_commit()  # the worker reads it while people look around
            keep_layers.enqueue_on_commit()
    with public_context(), transaction.atomic():
        staff = StaffUser.objects.filter(email=STAFF).first()
        if staff is None:
            staff = StaffUser.objects.create_superuser(STAFF, PASSWORD, name="Demo staff")
        second_factor.enrol_for_demo(staff)


def _tenant(wanted: DemoTenant) -> Tenant:
    with public_context():
        tenant: Tenant | None = Tenant.objects.filter(slug=wanted.slug).first()
    if tenant is None:
        return create_tenant(name=wanted.name, slug=wanted.slug, plan=wanted.plan)
    with public_context(), transaction.atomic():
        # The base domain may have changed since.
        domain = f"{wanted.slug}.{settings.BASE_DOMAIN}"
        Domain.objects.filter(tenant=tenant, is_primary=True).update(domain=domain)
    return tenant


def _people(wanted: DemoTenant) -> None:
    for word, role in PEOPLE:
        email = f"{word}@{wanted.slug}.test"
        if not User.objects.filter(email=email).exists():
            create_user(
                email=email, password=PASSWORD, role=role, name=f"{wanted.name} {word.title()}"
            )


def _clusters(wanted: DemoTenant, opencost: str) -> None:
    for cluster in wanted.clusters:
        place = {
            "opencost_url": f"{opencost}/{cluster.slug}",
            "opencost_cluster_id": cluster.slug,
            "opencost_version": VERSION,
        }
        row, is_new = Cluster.objects.update_or_create(
            slug=cluster.slug,
            defaults=place,
            create_defaults={**place, "name": cluster.name, "currency": "USD"},
        )
        if is_new:
            days = min(HISTORY_DAYS, retention_days_of(current_tenant(), timezone.now()))
            ledger.start_backfill(row, now=timezone.now(), days=days)


def _budgets(wanted: DemoTenant) -> None:
    """Only where there are none yet: a budget that somebody deleted stays deleted."""
    if Budget.objects.exists():
        return
    owner, now = User.objects.get(email=f"owner@{wanted.slug}.test"), timezone.now()
    for budget in wanted.budgets:
        draft = budgets.checked_draft(
            name=budget.name, amount=budget.amount, filter=budget.filter_text, by=owner, now=now
        )
        budgets.make_budget(draft=draft, at=now)
