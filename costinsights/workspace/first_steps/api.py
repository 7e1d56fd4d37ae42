"""Endpoints of the first steps."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.models import Workspace
from costinsights.core.api.schema import problem_responses
from costinsights.core.tenancy import absolute_url, current_tenant
from costinsights.costs.api.serializers import ClusterSerializer
from costinsights.costs.samples import load_sample_data, remove_sample_data
from costinsights.workspace.first_steps.checklist import (
    Checklist,
    FirstStep,
    checklist,
    hide_checklist,
)
from costinsights.workspace.settings.api import MembersReadAdminsChange


class FirstStepSerializer(serializers.Serializer[Any]):
    """One step of a new workspace."""

    key = serializers.CharField(help_text="Stable, for a program.")
    title = serializers.CharField()
    text = serializers.CharField()
    done = serializers.BooleanField(help_text="Read from what is stored.")
    url = serializers.CharField(help_text="The page where it is done.")

    def to_representation(self, step: FirstStep) -> dict[str, Any]:
        return {
            "key": step.key,
            "title": step.title,
            "text": step.text,
            "done": step.is_done,
            "url": absolute_url(current_tenant(), step.url),
        }


class ChecklistSerializer(serializers.Serializer[Any]):
    """The first steps of a workspace."""

    complete = serializers.BooleanField(read_only=True)
    hidden = serializers.BooleanField(help_text="Whether the overview shows it no more.")
    sample_data = serializers.BooleanField(read_only=True, help_text="Whether it is loaded.")
    steps = FirstStepSerializer(many=True, read_only=True)

    def to_representation(self, found: Checklist) -> dict[str, Any]:
        return {
            "complete": found.is_complete,
            "hidden": found.is_hidden,
            "sample_data": found.has_sample_data,
            "steps": FirstStepSerializer(found.steps, many=True).data,
        }


class ChecklistView(GenericAPIView[Workspace]):
    """The workspace's first steps."""

    queryset = Workspace.objects.none()
    serializer_class = ChecklistSerializer
    permission_classes = (MembersReadAdminsChange,)

    @extend_schema(
        operation_id="workspace_checklist",
        summary="Show the first steps",
        tags=["Workspace"],
        responses={200: ChecklistSerializer, **problem_responses(401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        return Response(ChecklistSerializer(checklist(at=timezone.now())).data)

    @extend_schema(
        operation_id="workspace_checklist_hide",
        summary="Hide or show the first steps",
        tags=["Workspace"],
        request=ChecklistSerializer,
        responses={200: ChecklistSerializer, **problem_responses(400, 401, 403, 406, 415, 429)},
    )
    def patch(self, request: Request) -> Response:
        given = ChecklistSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        hide_checklist(hidden=given.validated_data["hidden"], at=now)
        return Response(ChecklistSerializer(checklist(at=now)).data)


class SampleDataView(APIView):
    """The workspace's sample data."""

    permission_classes = (MembersReadAdminsChange,)

    @extend_schema(
        operation_id="workspace_sample_data_load",
        summary="Load sample data",
        description="Makes one cluster whose costs are generated here. Everything that shows it says so, and "
        "it is never added to real clusters unless both are asked for by name. Loading again changes nothing.",
        tags=["Workspace"],
        request=None,
        responses={200: ClusterSerializer, **problem_responses(401, 403, 406, 429)},
    )
    def put(self, request: Request) -> Response:
        return Response(ClusterSerializer(load_sample_data(now=timezone.now())).data)

    @extend_schema(
        operation_id="workspace_sample_data_remove",
        summary="Remove the sample data",
        tags=["Workspace"],
        responses={
            204: OpenApiResponse(description="There is no sample data any more."),
            **problem_responses(401, 403, 406, 429),
        },
    )
    def delete(self, request: Request) -> Response:
        remove_sample_data()
        return Response(status=status.HTTP_204_NO_CONTENT)
