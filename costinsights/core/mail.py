"""One mail to one person: text and HTML of the same templates."""

from collections.abc import Mapping

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def send_mail(*, to: str, subject: str, template: str, context: Mapping[str, object]) -> None:
    """Send `<template>.txt` with `<template>.html` beside it. Raises OSError or SMTPException.

    Called from jobs, which try again; a page never waits for a mail server.
    """
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),  # a name with a line break must not become a header
        body=render_to_string(f"{template}.txt", dict(context)),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"{template}.html", dict(context)), "text/html")
    mail.send()
