"""The first steps, each read from what is stored: nothing is ticked by hand."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from costinsights.accounts.invitations import pending
from costinsights.accounts.models import ApiToken, Role, User, Workspace
from costinsights.costs.models import Cluster
from costinsights.workspace.settings.services import locked_workspace


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step: what to do, where, and whether it is done."""

    key: str
    title: str
    text: str
    url_name: str
    action: str
    is_done: bool

    @property
    def url(self) -> str:
        return reverse(self.url_name)


@dataclass(frozen=True, slots=True)
class Checklist:
    """All steps, and whether the workspace hid them from its overview."""

    steps: tuple[FirstStep, ...]
    is_hidden: bool
    has_sample_data: bool
    has_clusters: bool

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.steps)

    @property
    def is_shown(self) -> bool:
        """On the overview: until everything is done or somebody hid it."""
        return not self.is_hidden and not self.is_complete


def checklist(*, at: datetime) -> Checklist:
    """The state of the first steps at an instant."""
    workspace = Workspace.load()
    clusters = list(Cluster.objects.values_list("is_demo", "last_ok_at", "last_error_code"))
    real = [(ok, error) for is_demo, ok, error in clusters if not is_demo]
    answering = any(ok is not None and not error for ok, error in real)
    colleagues = User.objects.filter(is_active=True)[:2].count() > 1
    invited = colleagues or pending().exists()
    return Checklist(
        steps=(
            FirstStep(
                "connect_cluster",
                "Connect a cluster",
                "Cost Insights reads the API of the OpenCost in it.",
                "cluster-connect",
                "Connect",
                bool(real),
            ),
            FirstStep(
                "cluster_answers",
                "See it answer",
                "A test says in plain words what works and what does not.",
                "cluster-list",
                "Test",
                answering,
            ),
            FirstStep(
                "settings",
                "Choose currency and time zone",
                "What your reports add up in, and when things happened.",
                "workspace-settings",
                "Choose",
                workspace.settings_saved_at is not None,
            ),
            FirstStep(
                "invite",
                "Invite a colleague",
                "Give everybody the role they need, or only their own namespaces.",
                "member-list",
                "Invite",
                invited,
            ),
            FirstStep(
                "api_token",
                "Make an API token",
                "For a dashboard or a script that reads your costs.",
                "token-list",
                "Make one",
                ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=at).exists(),
            ),
        ),
        is_hidden=workspace.checklist_hidden_at is not None,
        has_sample_data=any(is_demo for is_demo, _, _ in clusters),
        has_clusters=bool(real),
    )


def hide_checklist(*, hidden: bool, at: datetime) -> None:
    """Take the list off the overview for everybody, or put it back."""
    row = locked_workspace()
    if hidden and row.checklist_hidden_at is not None:
        return
    row.checklist_hidden_at = at if hidden else None
    row.save(update_fields=["checklist_hidden_at"])


def checklist_for(member: object, *, at: datetime) -> Checklist | None:
    """The list for whoever can take the steps; None for others, and once it is hidden or done."""
    if not isinstance(member, User) or not member.has_role(Role.ADMIN):
        return None
    found = checklist(at=at)
    return found if found.is_shown else None
