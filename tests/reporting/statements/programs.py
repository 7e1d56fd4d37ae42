"""Programs that speak to the API of statements, each with a member's token."""

from typing import Any

from django.test import Client

from costinsights.accounts.models import Role, Scope, User
from tests.factories.accounts import UserFactory, token_of


class Program:
    """A token of a member: `program("get", "periods/")`."""

    def __init__(self, member: User | None = None, **person: Any) -> None:
        self.member = member or UserFactory.create(**{"role": Role.ANALYST, **person})
        token = token_of(self.member, Scope.READ, Scope.WRITE)
        self.client = Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        send = getattr(self.client, method)
        address = f"/api/v1/{path}"
        return send(address) if body is None else send(address, body, "application/json")

    def file(self, path: str) -> bytes:
        """The bytes of a download that must be there."""
        answer = self("get", path)
        assert answer.status_code == 200, answer.content
        return b"".join(answer.streaming_content)
