"""Telling members that an API token ends soon, once per token."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from costinsights.accounts.models import ApiToken, User
from costinsights.core.mail import send_mail
from costinsights.core.tenancy import absolute_url, current_tenant


@transaction.atomic
def claim_ending_tokens(*, at: dt.datetime) -> dict[int, list[int]]:
    """Mark the tokens whose members are to be told now, and return their ids by member id.

    Two jobs side by side never claim the same token.
    """
    rows = ApiToken.objects.ending_unmailed(at).select_for_update(of=("self",), skip_locked=True)
    found: dict[int, list[int]] = defaultdict(list)
    for token in rows.order_by("expires_at", "pk"):
        token.expiry_mailed_at = at
        token.save(update_fields=["expiry_mailed_at"])
        found[token.created_by_id].append(token.pk)
    return dict(found)


def send_token_expiry(*, user: User, token_ids: Collection[int], at: dt.datetime) -> bool:
    """Mail one member the tokens of theirs that end soon. Says whether any still does.

    A token that was revoked or rotated since is left out.
    """
    tokens = ApiToken.objects.of(user).live(at).filter(pk__in=token_ids, replaced_by__isnull=True)
    ending = list(tokens.order_by("expires_at", "pk"))
    if not ending or not user.is_active:
        return False
    tenant = current_tenant()
    what = f"“{ending[0].name}” ends" if len(ending) == 1 else f"{len(ending)} API tokens end"
    send_mail(
        to=user.email,
        subject=f"{tenant.name}: {what} soon",
        template="accounts/mail/token_expiry",
        context={
            "user": user,
            "tenant": tenant,
            "tokens": ending,
            "link": absolute_url(tenant, reverse("token-list", urlconf=settings.ROOT_URLCONF)),
        },
    )
    return True
