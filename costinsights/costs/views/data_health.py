"""What is stored of each cluster, and the buttons that read more of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.models import Role, User
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history import keys, reading
from costinsights.costs.history.health import health_of
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.tasks import keep_history
from costinsights.costs.layers.health import layers_health
from costinsights.costs.models import Cluster
from costinsights.costs.selectors import access_cluster
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin
from tenants.limits import retention_days_of

MOST_KEYS_SHOWN = 100


@method_decorator(never_cache, name="dispatch")
class DataHealthPage(MemberRequiredMixin, FeatureRequiredMixin):
    """Every member sees what is stored; admins have more of it read."""

    feature = Feature.HISTORY
    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "history/health.html", _context(self.member))


def _context(member: User, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    days = retention_days_of(current_tenant(), now)
    clusters = health_of(
        Cluster.objects.in_order(),
        now=now,
        retention_days=days,
        with_amounts=not member.is_limited,
    )
    return {
        "clusters": clusters,
        # Nothing in a layer says which of it a limited member may see.
        "layer_health": []
        if member.is_limited
        else layers_health(Cluster.objects.in_order(), now=now),
        "is_reading": any(found.backfill.is_running for found in clusters),
        "shows_keys": not member.is_limited,
        "label_keys": keys.by_coverage()[:MOST_KEYS_SHOWN],
        "stored_keys": LabelKey.objects.filter(is_stored=True).count(),
        "most_stored": keys.MOST_STORED,
        "most_values": keys.MOST_VALUES,
        "retention_days": days,
        "can_manage": member.has_role(Role.ADMIN),
        **more,
    }


class _Act(RoleRequiredMixin, FeatureRequiredMixin):
    """A button of the page: does one thing and returns to it, or shows the page with what is wrong."""

    feature = Feature.HISTORY

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return redirect("data-health")

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        try:
            done = self.act()
        except NotFound as error:
            raise Http404(error.message) from error
        except ApplicationError as refused:
            context = _context(self.member, refused=refused.message)
            return render(request, "history/health.html", context, status=422)
        keep_history.enqueue_on_commit()
        messages.success(request, done)
        return redirect("data-health")

    def act(self) -> str:
        """Do it and say so in a sentence. Raises ApplicationError."""
        raise NotImplementedError

    @property
    def cluster(self) -> Cluster:
        return access_cluster(self.kwargs["slug"])


class BackfillStart(_Act):
    """Read older days."""

    def act(self) -> str:
        cluster, now = self.cluster, timezone.now()
        days = reading.checked_days(
            self.request.POST.get("days", ""), most=retention_days_of(current_tenant(), now)
        )
        reading.start_backfill(cluster, now=now, days=days)
        return f"Up to {days} days of {cluster.name} are being read, newest first."


class BackfillCancel(_Act):
    """Stop reading older days."""

    def act(self) -> str:
        reading.cancel_backfill(self.cluster, now=timezone.now())
        return f"No older days of {self.cluster.name} are read any more. What was read stays."


class ReadAgain(_Act):
    """Read one window again, or every one that failed."""

    def act(self) -> str:
        cluster, now = self.cluster, timezone.now()
        given = self.request.POST
        if given.get("window_start"):
            starts = [given["window_start"]]
            count = reading.read_again(
                cluster, now=now, grain=given.get("grain", ""), starts=starts
            )
        else:
            count = reading.read_failed_again(cluster, now=now)
        plural = "window is" if count == 1 else "windows are"
        return f"{count} {plural} read again now."


class LabelKeyChoice(_Act):
    """Store a label key's values from now on, or stop."""

    def act(self) -> str:
        is_stored = self.request.POST.get("is_stored") == "true"
        key = reading.choose_key(self.kwargs["label_key_id"], is_stored=is_stored)
        if is_stored:
            return f"“{key.name}” is stored with every window read from now on."
        return f"“{key.name}” is not stored any more. Windows keep the values they have."
