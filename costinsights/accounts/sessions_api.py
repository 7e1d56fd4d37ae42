"""API: the browsers the caller is signed in with."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts import sessions
from costinsights.accounts.member_serializers import BrowserSessionSerializer
from costinsights.accounts.models import ApiToken
from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.pagination import ShortListCursor
from costinsights.core.api.schema import problem_responses

_PROBLEMS = (401, 403, 404, 406, 429)


def _current(request: Request) -> str | None:
    """The key of the session this request came with; None for a token, even with a cookie beside it."""
    if isinstance(request.auth, ApiToken):
        return None
    return request._request.session.session_key


class SessionsCursor(ShortListCursor):
    ordering = "session_id"


class SessionListView(APIView):
    """Where I am signed in."""

    permission_classes = (IsMember,)
    serializer_class = BrowserSessionSerializer
    pagination_class = SessionsCursor

    @extend_schema(
        operation_id="me_sessions_list",
        summary="List where I am signed in",
        tags=["Account"],
        responses=BrowserSessionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        found = sessions.browsers_of(
            member_of(request), current=_current(request), at=timezone.now()
        )
        pages = self.pagination_class()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(BrowserSessionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="me_sessions_revoke_others",
        summary="Sign me out everywhere else",
        description="Every session but the one the request came with; with an API token, every one.",
        tags=["Account"],
        responses={
            204: OpenApiResponse(description="Signed out."),
            **problem_responses(*_PROBLEMS),
        },
    )
    def delete(self, request: Request) -> Response:
        sessions.revoke_others(user=member_of(request), current=_current(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(APIView):
    """One of the caller's sessions."""

    permission_classes = (IsMember,)
    serializer_class = BrowserSessionSerializer

    @extend_schema(
        operation_id="me_sessions_revoke",
        summary="Sign me out in one browser",
        tags=["Account"],
        parameters=[OpenApiParameter("session_id", str, OpenApiParameter.PATH)],
        responses={
            204: OpenApiResponse(description="Signed out."),
            **problem_responses(*_PROBLEMS),
        },
    )
    def delete(self, request: Request, session_id: str) -> Response:
        sessions.revoke(user=member_of(request), session_id=session_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
