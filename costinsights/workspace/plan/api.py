"""API: the plan, the features, the usage. None of it counts against the day's calls."""

import datetime as dt

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import IsMember, Role, RoleAtLeast
from costinsights.core.api.schema import problem_responses
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.plan import facts
from costinsights.workspace.plan.measuring import measure_usage
from costinsights.workspace.plan.serializers import (
    FeaturesSerializer,
    PlanSerializer,
    StartTrialSerializer,
    UsageSerializer,
)
from tenants.trials import start_own_trial

_READ_PROBLEMS = (401, 403, 406, 429)
_WRITE_PROBLEMS = (400, 401, 403, 406, 409, 415, 429)


class _AboutThePlan(APIView):
    """Answered also when the day's calls are used up: here a program learns that they are."""

    permission_classes = (IsMember,)
    throttle_classes = ()


class _AdminsMeasure(RoleAtLeast):
    """Every member reads; admins and owners measure."""

    minimum = Role.ADMIN
    members_may_read = True


class PlanView(_AboutThePlan):
    """The plan of the workspace."""

    @extend_schema(
        operation_id="workspace_plan",
        summary="Show the plan",
        tags=["Workspace"],
        responses={200: PlanSerializer, **problem_responses(*_READ_PROBLEMS)},
    )
    def get(self, request: Request) -> Response:
        return Response(PlanSerializer(facts.plan_facts(current_tenant(), timezone.now())).data)


class FeaturesView(_AboutThePlan):
    """Every feature and how far it is open."""

    @extend_schema(
        operation_id="workspace_features",
        summary="List the features",
        description="What the product can do, and how far it is open to this workspace: open, read-only "
        "because the plan that had it ended a short while ago, or closed.",
        tags=["Workspace"],
        responses={200: FeaturesSerializer, **problem_responses(*_READ_PROBLEMS)},
    )
    def get(self, request: Request) -> Response:
        found = facts.feature_facts(current_tenant(), timezone.now())
        return Response(FeaturesSerializer({"results": found}).data)


class UsageView(_AboutThePlan):
    """What the workspace uses of its plan."""

    permission_classes = (_AdminsMeasure,)

    @extend_schema(
        operation_id="workspace_usage",
        summary="Show the usage",
        description="As it was measured last: within the hour, unless somebody asked for it since.",
        tags=["Workspace"],
        responses={200: UsageSerializer, **problem_responses(*_READ_PROBLEMS)},
    )
    def get(self, request: Request) -> Response:
        return _usage(timezone.now())

    @extend_schema(
        operation_id="workspace_measure_usage",
        summary="Measure the usage now",
        description="The role Admin or more is needed.",
        tags=["Workspace"],
        request=None,
        responses={200: UsageSerializer, **problem_responses(*_READ_PROBLEMS)},
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        usage = measure_usage(at=now)
        return _usage(now, measured_at=usage.measured_at)


class TrialView(_AboutThePlan):
    """A trial of a greater plan."""

    permission_classes = (RoleAtLeast.of(Role.OWNER),)

    @extend_schema(
        operation_id="workspace_start_trial",
        summary="Start a trial",
        description="Opens a greater plan for 14 days, once per workspace, where the platform offers it: "
        "`plans_to_try` of the plan says so. Only an owner may. Otherwise 403 `trial_not_offered` or 409 "
        "`trial_used`.",
        tags=["Workspace"],
        request=StartTrialSerializer,
        responses={201: PlanSerializer, **problem_responses(*_WRITE_PROBLEMS)},
    )
    def post(self, request: Request) -> Response:
        given = StartTrialSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        tenant, now = current_tenant(), timezone.now()
        start_own_trial(tenant=tenant, plan=given.validated_data["plan"], at=now)
        return Response(
            PlanSerializer(facts.plan_facts(tenant, now)).data, status=status.HTTP_201_CREATED
        )


def _usage(now: dt.datetime, measured_at: dt.datetime | None = None) -> Response:
    tenant = current_tenant()
    last = facts.last_usage(tenant)
    document = {
        "measured_at": measured_at or (last.measured_at if last else None),
        "usage": [fact.line for fact in facts.usage_facts(tenant, now)],
        "api_calls": facts.calls_by_day(tenant, now),
    }
    return Response(UsageSerializer(document).data)
