"""What staff may do who are no superusers: two groups, kept by `migrate_schemas`."""

from typing import Final

from django.contrib.auth.models import Group, Permission

GROUPS: Final[dict[str, dict[str, str]]] = {
    # group: {model: what of view, add, change, delete}
    "Support": {
        "tenant": "view",
        "tenantusage": "view",
        "signup": "view",
        "supportgrant": "view add",
        "featureswitch": "view",
        "featureoverride": "view",
        "planlimits": "view",
        "jobfailure": "view change",
        "announcement": "view",
        "platformauditentry": "view",
    },
    "Operations": {
        "tenant": "view add change",
        "tenantusage": "view",
        "signup": "view",
        "supportgrant": "view add change",  # change: break the glass
        "featureswitch": "view change",
        "featureoverride": "view add change delete",
        "planlimits": "view change",
        "jobfailure": "view change",
        "announcement": "view add change delete",
        "platformauditentry": "view",
    },
}


def ensure_staff_groups() -> int:
    """Make the groups that are missing, with their rights. Returns how many were made.

    A group that exists keeps what superusers made of it, and gains rights on models that are new to it.
    Deleting a tenant and managing staff are for superusers.
    """
    made = 0
    for name, models in GROUPS.items():
        group, is_new = Group.objects.get_or_create(name=name)
        made += is_new
        known = set(group.permissions.values_list("content_type__model", flat=True))
        for model, words in models.items():
            if model in known:
                continue
            codenames = [f"{word}_{model}" for word in words.split()]
            rights = Permission.objects.filter(
                content_type__app_label="tenants", codename__in=codenames
            )
            group.permissions.add(*rights)
    return made
