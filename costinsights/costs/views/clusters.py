"""The clusters: list, change, test again, remove."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.core.errors import ApplicationError, InvalidInput, NotFound
from costinsights.costs import services
from costinsights.costs.forms import ClusterForm, RemoveForm
from costinsights.costs.models import Cluster
from costinsights.costs.selectors import access_cluster
from costinsights.costs.views.connect import step_lines
from costinsights.opencost.connect import ProbeResult

non_atomic = method_decorator(transaction.non_atomic_requests, name="dispatch")


@non_atomic
@method_decorator(never_cache, name="dispatch")
class ClusterListPage(MemberRequiredMixin):
    """Every member sees the clusters and how they are; admins manage them."""

    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "clusters": Cluster.objects.in_order(),
            "can_manage": self.member.has_role(Role.ADMIN),
            "shows_scopes": not self.member.is_limited,
        }
        return render(request, "clusters/list.html", context)


class _OneCluster(RoleRequiredMixin):
    """A page about the cluster that its address names."""

    def cluster(self) -> Cluster:
        try:
            return access_cluster(self.kwargs["slug"])
        except NotFound as error:
            raise Http404(error.message) from error

    def connected(self) -> Cluster:
        """The same, for what needs a connection: the sample cluster has no such page."""
        cluster = self.cluster()
        if cluster.is_demo:
            raise Http404("Sample data has no connection.")
        return cluster


@non_atomic
@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("secret", "client_key"), name="dispatch")
class ClusterEditPage(_OneCluster):
    """Change a cluster. A changed connection is tested, and saved only when it passes."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        cluster = self.connected()
        return self.answer(cluster, ClusterForm(initial=ClusterForm.initial_of(cluster)))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        cluster = self.connected()
        form = ClusterForm(request.POST)
        if not form.is_valid():
            return self.answer(cluster, form, status=422)
        now = timezone.now()
        result = None
        try:
            draft = form.draft().checked(stored=cluster)
            if services.connection_changes(cluster, draft):
                result = services.probe_draft(draft, now=now, stored=cluster)
            services.update_cluster(
                cluster=cluster,
                name=form.cleaned_data["name"],
                currency=form.cleaned_data["currency"],
                draft=draft,
                result=result,
                now=now,
            )
        except InvalidInput as refused:
            form.refuse(refused)
            return self.answer(cluster, form, status=422)
        except services.ConnectionTestFailed as failed:
            return self.answer(cluster, form, result=failed.result, status=422)
        except ApplicationError as refused:
            form.add_error(None, refused.message)
            return self.answer(cluster, form, status=refused.status)
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("cluster-list")

    def answer(
        self,
        cluster: Cluster,
        form: ClusterForm,
        result: ProbeResult | None = None,
        status: int = 200,
    ) -> HttpResponse:
        if cluster.sealed_secret:
            form.keep_secret()
        context: dict[str, Any] = {
            "cluster": cluster,
            "form": form,
            "result": result,
            "steps": step_lines(result),
        }
        return render(self.request, "clusters/edit.html", context, status=status)


@non_atomic
@method_decorator(never_cache, name="dispatch")
class ClusterTestPage(_OneCluster):
    """Test a cluster again and show the steps."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return redirect("cluster-edit", slug=slug)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        cluster = self.connected()
        result = services.test_cluster(cluster, now=timezone.now())
        cluster.refresh_from_db()
        context = {"cluster": cluster, "result": result, "steps": step_lines(result)}
        return render(request, "clusters/tested.html", context)


@non_atomic
@method_decorator(never_cache, name="dispatch")
class ClusterRemovePage(_OneCluster):
    """Remove a cluster once its name has been typed."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        cluster = self.cluster()
        return self.answer(cluster, RemoveForm(cluster=cluster))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        cluster = self.cluster()
        form = RemoveForm(request.POST, cluster=cluster)
        if not form.is_valid():
            return self.answer(cluster, form, status=422)
        services.remove_cluster(cluster)
        messages.success(request, f"{cluster.name} is removed.")
        return redirect("cluster-list")

    def answer(self, cluster: Cluster, form: RemoveForm, status: int = 200) -> HttpResponse:
        context = {"cluster": cluster, "form": form}
        return render(self.request, "clusters/remove.html", context, status=status)
