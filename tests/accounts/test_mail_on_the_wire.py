"""The reset mail as a mail server receives it."""

import email
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from costinsights.accounts import tasks
from costinsights.accounts.models import User
from tenants.models import Tenant


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.recipients += envelope.rcpt_tos
        self.mails.append(email.message_from_bytes(envelope.content, policy=modern))
        return "250 OK"


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """A real SMTP server on a free port, and the settings that lead to it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield inbox
    server.stop()


def test_the_mail_arrives_as_text_and_html_with_the_same_link(
    acme: Tenant, ada: User, inbox: Inbox
) -> None:
    tasks.send_password_reset(email=ada.email)
    [message] = inbox.mails
    text, html = (part.get_content() for part in message.iter_parts())
    [link] = [line for line in text.splitlines() if line.startswith("http")]
    assert link.startswith("http://acme.localhost/password/reset/")
    assert f'href="{link}"' in html
    assert inbox.recipients == [ada.email]
    assert message["Subject"] == "Reset your password for Acme"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_notice_of_a_change_arrives(acme: Tenant, ada: User, inbox: Inbox) -> None:
    tasks.send_password_changed(user_id=ada.pk)
    [message] = inbox.mails
    body = message.get_body(("plain",))
    assert body is not None
    assert "http://acme.localhost/password/forgot/" in body.get_content()
