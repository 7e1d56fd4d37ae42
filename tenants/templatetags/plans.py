"""Template tags over plans: `{% load plans %}{% feature "history" as access %}`."""

from django import template

from tenants.features import Feature, feature_access

register = template.Library()


@register.simple_tag
def feature(name: str) -> str:
    """How far a feature is open to the tenant of now: “open”, “read_only” or “closed”.

    `{% feature "history" as access %}{% if access == "open" %}…{% endif %}`. An unknown name is an error
    when the template is first drawn, not a closed door.
    """
    return feature_access(Feature(name)).value
