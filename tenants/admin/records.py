"""What others did: people who signed up, staff who looked in."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from tenants.admin.base import ReadOnlyAdmin, column
from tenants.models import GrantState, SignUp, SupportGrant


@admin.register(SignUp)
class SignUpAdmin(ReadOnlyAdmin):
    """Workspaces asked for on the platform's page. They end by themselves after a day."""

    list_display = ("slug", "workspace_name", "email", "state", "created_at", "expires_at")
    search_fields = ("slug", "workspace_name", "email")
    list_filter = ("created_at",)
    ordering = ("-created_at",)
    fields = (
        "slug",
        "workspace_name",
        "email",
        "ip_address",
        "created_at",
        "expires_at",
        "completed_at",
    )

    @column(description="state", label={"completed": "success", "waiting": "info", "expired": ""})
    def state(self, row: SignUp) -> str:
        if row.completed_at is not None:
            return "completed"
        return "waiting" if row.expires_at > timezone.now() else "expired"


@admin.register(SupportGrant)
class SupportGrantAdmin(ReadOnlyAdmin):
    """Leave to look into a tenant: who, why, until when, and who of the tenant decided."""

    list_display = (
        "tenant",
        "staff",
        "state_now",
        "kind",
        "reason",
        "requested_at",
        "expires_at",
        "decided_by",
    )
    list_filter = ("state", "is_break_glass", "requested_at", "staff")
    search_fields = ("tenant__name", "tenant__slug", "staff__email", "reason")
    list_select_related = ("tenant", "staff")
    ordering = ("-requested_at",)

    @column(
        description="state",
        ordering="state",
        label={
            "in force": "warning",
            "waiting for the owner": "info",
            "denied": "danger",
            "over": "",
        },
    )
    def state_now(self, row: SupportGrant) -> str:
        if row.is_in_force(timezone.now()):
            return "in force"
        return {
            GrantState.REQUESTED: "waiting for the owner",
            GrantState.DENIED: "denied",
        }.get(GrantState(row.state), "over")

    @column(description="kind")
    def kind(self, row: SupportGrant) -> str:
        return "break-glass" if row.is_break_glass else "granted"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tenants.view_supportgrant"))
