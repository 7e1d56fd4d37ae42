"""What a person has to know: where the demo answers, who may sign in, and why a port is taken."""

from __future__ import annotations

from .environment import BASE_DOMAIN
from .ports import is_free
from .processes import LocalError
from .progress import box
from .state import State

PASSWORD = "demo-password"  # noqa: S105 - printed on every start; works in demo mode only
TENANTS = (("acme", "Enterprise"), ("globex", "SaaS"), ("initech", "Community"))


def check_port(port: int) -> None:
    """Raises LocalError, with the way out, when another program has the port."""
    if is_free(port):
        return
    other = next(candidate for candidate in range(port + 1, 65536) if is_free(candidate))
    raise LocalError(
        f"Port {port} is taken by another program. Choose a free one:\n  make demo PORT={other}"
    )


def address(port: int, tenant: str | None = None) -> str:
    host = BASE_DOMAIN if tenant is None else f"{tenant}.{BASE_DOMAIN}"
    return f"http://{host}:{port}"


def summary(state: State, port: int, opencost: str, *, seconds: float) -> str:
    """The box that is printed once everything answers."""
    rows = [
        *((f"{slug} ({plan})", address(port, slug)) for slug, plan in TENANTS),
        ("Staff", address(port, "admin")),
        ("Demo OpenCost", opencost),
        ("", ""),
        ("Sign in as", "owner@acme.test, viewer@acme.test (likewise globex, initech)"),
        ("Staff sign in as", "staff@costinsights.test; the next page shows the code"),
        ("Password", f"{PASSWORD} everywhere"),
        ("", ""),
        ("Logs", str(state.logs)),
        ("Stop", "Ctrl-C here, or `make demo-stop` elsewhere"),
    ]
    return box(f"Cost Insights is running, ready after {seconds:.1f} s", rows)
