"""Pieces of markup: icons, form controls, links that keep the query string."""

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_NOTICE_KINDS = {
    "success": "success",
    "warning": "warning",
    "danger": "danger",
    "error": "danger",
}
_NOTICE_ICONS = {
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-circle",
    "info": "info-circle",
}
_STATE_TONES = {
    "fresh": "good",
    "ok": "good",
    "active": "good",
    "stale": "warn",
    "warning": "warn",
    "expired": "warn",
    "failed": "bad",
    "error": "bad",
    "revoked": "bad",
    "waiting": "busy",
}


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """An icon from the sprite, hidden from assistive technology: the text beside it speaks."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css_class,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def query_update(request: HttpRequest, **changes: Any) -> str:
    """This page's address with some parameters changed; None or "" removes one."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@register.filter
def notice_kind(kind: str | None) -> str:
    """The tone of a notice for one of Django's message levels or our own words."""
    return _NOTICE_KINDS.get(kind or "", "info")


@register.filter
def notice_icon(kind: str | None) -> str:
    return _NOTICE_ICONS[notice_kind(kind)]


@register.filter
def state_tone(state: str | None) -> str:
    """good, warn, bad, busy or calm for the state of a source, a cluster or a token."""
    return _STATE_TONES.get(str(state or ""), "calm")


@register.filter
def field_kind(field: BoundField) -> str:
    """group, checkbox, select or input: what markup a field needs."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    return "select" if isinstance(widget, Select) else "input"


@register.filter
def described_by(field: BoundField) -> str:
    """The ids of a field's help and errors, as aria-describedby takes them."""
    ids = []
    if field.help_text:
        ids.append(f"{field.auto_id}_help")
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    return " ".join(ids)


@register.filter
def widget(field: BoundField) -> SafeString:
    """A field's control with the classes and ARIA attributes of the design."""
    classes = {"checkbox": "form-check-input", "select": "form-select"}
    css_class = classes.get(field_kind(field), "form-control")
    attrs: dict[str, str | bool] = {
        "class": f"{field.field.widget.attrs.get('class', '')} {css_class}".strip()
    }
    if field.errors:
        attrs["class"] = f"{attrs['class']} is-invalid"
        attrs["aria-invalid"] = "true"
    if described := described_by(field):
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)


@register.filter
def control(tag: str, css_class: str) -> SafeString:
    """Give one rendered input of a group its class; Django renders those without attributes."""
    rendered = str(tag).replace("<input ", f'<input class="{css_class}" ', 1)
    return mark_safe(rendered)  # noqa: S308  the tag was rendered and escaped by Django's widget
