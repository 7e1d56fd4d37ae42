"""Why somebody is not signed in. `reason` is stable and goes to the audit log; the message is for them."""

from costinsights.core.errors import ApplicationError


class SignInRefused(ApplicationError):
    """The answer of the provider does not let this browser in."""

    code = "sign_in_refused"
    status = 403
    title = "You are not signed in"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class AttemptUnknown(SignInRefused):
    """This browser started no such sign-in here, or too long ago, or it was used already."""

    status = 400


class AnswerUntrusted(SignInRefused):
    """The provider's answer fails a check that only an attack or a misconfiguration fails."""

    status = 403

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            "The identity provider's answer could not be verified, so nobody was signed in. "
            "Try again; if it stays this way, tell an owner of this workspace.",
            reason=reason,
        )


class ProviderUnusable(SignInRefused):
    """The provider could not be asked, or what it says about itself cannot be used."""

    status = 502
    title = "The identity provider cannot be used"
