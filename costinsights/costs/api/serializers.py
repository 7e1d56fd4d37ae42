"""What requests say about clusters, checked for shape; the rules are in `drafts` and `services`."""

from typing import Any, ClassVar

from rest_framework import serializers

from costinsights.accounts.permissions import member_of
from costinsights.costs.drafts import LONGEST_NAME, LONGEST_SLUG, ConnectionDraft
from costinsights.costs.models import (
    LONGEST_CA_BUNDLE,
    LONGEST_CLIENT_CERTIFICATE,
    LONGEST_CLIENT_KEY,
    LONGEST_SCOPE,
    LONGEST_SECRET,
    LONGEST_URL,
    AuthKind,
    Cluster,
)
from costinsights.costs.services import step_document, suggested_name
from costinsights.opencost.connect import ProbeResult, StepName, StepState

CONNECTION_FIELDS = (
    "opencost_url",
    "auth_kind",
    "auth_username",
    "auth_header_name",
    "secret",
    "ca_bundle",
    "client_certificate",
    "client_key",
    "scope_filter",
)

_WITHOUT_IDLE = (
    "Whether this OpenCost works without Prometheus. Asking such a one for idle cost can hang, so it is not "
    "asked, and its idle cost is unknown."
)


class ConnectionSerializer(serializers.Serializer[Any]):
    """Where an OpenCost is and how we say who we are."""

    opencost_url = serializers.CharField(
        max_length=LONGEST_URL,
        help_text="The address of OpenCost's API with its port and path prefix.",
    )
    auth_kind = serializers.ChoiceField(choices=AuthKind.choices, default=AuthKind.NONE.value)
    auth_username = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="For `basic`."
    )
    auth_header_name = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="For `header`."
    )
    secret = serializers.CharField(
        max_length=LONGEST_SECRET,
        required=False,
        allow_blank=True,
        write_only=True,
        style={"input_type": "password"},
        help_text="Token, password or header value. Stored encrypted and never answered. Left out in a "
        "change, the stored one stays, unless the address changes.",
    )
    ca_bundle = serializers.CharField(
        max_length=LONGEST_CA_BUNDLE,
        required=False,
        allow_blank=True,
        help_text="Certificates of a private authority, PEM.",
    )
    client_certificate = serializers.CharField(
        max_length=LONGEST_CLIENT_CERTIFICATE,
        required=False,
        allow_blank=True,
        help_text="For a gateway that asks for a client certificate (mutual TLS): PEM, the intermediate "
        "certificates after it. Goes with any `auth_kind`.",
    )
    client_key = serializers.CharField(
        max_length=LONGEST_CLIENT_KEY,
        required=False,
        allow_blank=True,
        write_only=True,
        style={"input_type": "password"},
        help_text="Private key of `client_certificate`, PEM, without a password. Stored encrypted and never "
        "answered. Left out in a change, the stored one stays, unless the address changes.",
    )
    scope_filter = serializers.CharField(
        max_length=LONGEST_SCOPE,
        required=False,
        allow_blank=True,
        help_text="An OpenCost filter that every request carries, for an OpenCost shared by several.",
    )

    def draft(self, stored: Cluster | None = None) -> ConnectionDraft:
        """The connection described; what a change leaves out stays as it is stored."""
        given = {
            name: self.validated_data[name]
            for name in CONNECTION_FIELDS
            if name in self.validated_data
        }
        base = ConnectionDraft.of(stored) if stored is not None else None
        values = {name: getattr(base, name) for name in CONNECTION_FIELDS} if base else {}
        merged = {**values, **given}
        merged["auth_kind"] = AuthKind(merged["auth_kind"])
        return ConnectionDraft(**merged)


class ClusterInputSerializer(ConnectionSerializer):
    """A cluster to connect. `currency` must be given: OpenCost does not tell it."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    slug = serializers.SlugField(
        max_length=LONGEST_SLUG,
        required=False,
        help_text="For addresses and the `cluster` parameter; made from the name by default.",
    )
    currency = serializers.CharField(
        max_length=3, min_length=3, help_text="ISO 4217: what this OpenCost's prices are in."
    )


class ClusterChangeSerializer(ConnectionSerializer):
    """What to change of a cluster. What is left out stays; the slug never changes."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    currency = serializers.CharField(max_length=3, min_length=3, help_text="ISO 4217.")


class ClusterErrorSerializer(serializers.Serializer[Any]):
    """The last exchange, when it went wrong."""

    at = serializers.DateTimeField()
    code = serializers.CharField()
    message = serializers.CharField()


class ClusterSerializer(serializers.ModelSerializer[Cluster]):
    """A connected cluster. Secrets are never answered."""

    state = serializers.ChoiceField(
        choices=["connected", "failing", "waiting"],
        read_only=True,
        help_text="How the last exchange with OpenCost went.",
    )
    sample = serializers.BooleanField(
        source="is_demo",
        read_only=True,
        help_text="Whether its costs are generated sample data: it has no OpenCost.",
    )
    has_secret = serializers.SerializerMethodField(help_text="Whether a secret is stored.")
    last_error = serializers.SerializerMethodField(
        help_text="What went wrong last; null while all is well."
    )

    class Meta:
        model = Cluster
        fields = (
            "slug",
            "name",
            "opencost_url",
            "auth_kind",
            "auth_username",
            "auth_header_name",
            "has_secret",
            "ca_bundle",
            "client_certificate",
            "scope_filter",
            "currency",
            "opencost_cluster_id",
            "opencost_version",
            "without_idle",
            "sample",
            "state",
            "last_ok_at",
            "last_error",
            "created_at",
        )
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "without_idle": {"help_text": _WITHOUT_IDLE},
        }

    def to_representation(self, cluster: Cluster) -> dict[str, Any]:
        """A scope names namespaces, so a limited member gets it empty."""
        document = super().to_representation(cluster)
        request = self.context.get("request")
        if request is None or member_of(request).is_limited:
            document["scope_filter"] = ""
        return document

    def get_has_secret(self, cluster: Cluster) -> bool:
        return bool(cluster.sealed_secret)

    def get_last_error(self, cluster: Cluster) -> dict[str, Any] | None:
        if not cluster.last_error_code:
            return None
        return {
            "at": cluster.last_error_at,
            "code": cluster.last_error_code,
            "message": cluster.last_error_message,
        }


class ProbeStepSerializer(serializers.Serializer[Any]):
    """One step of a connection test."""

    name = serializers.ChoiceField(choices=[step.value for step in StepName])
    state = serializers.ChoiceField(choices=[state.value for state in StepState])
    text = serializers.CharField(help_text="What was found and, unless ok, the way out.")
    reason = serializers.CharField(allow_blank=True, help_text="Stable, for a program.")


class ProbeResultSerializer(serializers.Serializer[Any]):
    """What a connection test found. Nothing is saved by it."""

    ok = serializers.BooleanField(
        help_text="Whether the cluster can be saved; warnings may remain."
    )
    steps = ProbeStepSerializer(many=True)
    version = serializers.CharField(allow_blank=True)
    cluster_ids = serializers.ListField(child=serializers.CharField())
    provider = serializers.CharField(allow_blank=True)
    suggested_name = serializers.CharField(allow_blank=True)
    suggested_url = serializers.CharField(
        allow_blank=True, help_text="Where the API answers instead, if it was found."
    )
    currency_guess = serializers.CharField(
        allow_blank=True, help_text="What the provider usually bills in; to be confirmed."
    )
    sample_rows = serializers.IntegerField(help_text="Rows of the last full hour.")
    without_idle = serializers.BooleanField(help_text=_WITHOUT_IDLE)

    def to_representation(self, result: ProbeResult) -> dict[str, Any]:
        return {
            "ok": result.ok,
            "steps": [step_document(step) for step in result.steps],
            "version": result.version,
            "cluster_ids": list(result.cluster_ids),
            "provider": result.provider,
            "suggested_name": suggested_name(result),
            "suggested_url": result.suggested_url,
            "currency_guess": result.currency_guess,
            "sample_rows": result.sample_rows,
            "without_idle": result.without_idle,
        }
