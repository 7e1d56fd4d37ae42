"""Errors that a caller can act on.

Every refusal the product makes on purpose is an `ApplicationError`: it carries a stable `code` (what
a program switches on), a sentence for a person, and the HTTP status that fits. The API turns it
into RFC 9457 problem details, pages into a message, commands into a line on stderr.
"""

from typing import Any


class ApplicationError(Exception):
    """Base of everything we refuse on purpose.

    `code` is stable and snake_case; `message` says what is wrong and the way out; `status` is the
    HTTP status; `extra` becomes further members of the problem document (never secrets).
    """

    code = "error"
    status = 400
    title = "The request cannot be answered"

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra


class InvalidInput(ApplicationError):
    """One named input is wrong. `field` is the parameter's name, `value` what was given."""

    code = "invalid_input"
    status = 400
    title = "A value cannot be used"

    def __init__(self, message: str, *, field: str, value: object = None, **extra: Any) -> None:
        super().__init__(message, field=field, value=None if value is None else str(value), **extra)
        self.field = field


class NotAllowed(ApplicationError):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403
    title = "Your role does not allow this"


class NotFound(ApplicationError):
    """There is no such thing in this tenant."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(ApplicationError):
    """The change does not fit what is stored now."""

    code = "conflict"
    status = 409
    title = "The change conflicts with what is stored"


class ExchangeError(ApplicationError):
    """Another host gave no usable answer.

    `retry_is_useful` answers whether asking the same again, later, may work; `reason` is a stable short
    word for programs, finer than `code`.
    """

    status = 502
    retry_is_useful = False

    def __init__(
        self, message: str, *, reason: str = "", retry_is_useful: bool | None = None, **extra: Any
    ) -> None:
        super().__init__(message, reason=reason or self.code, **extra)
        self.reason = reason or self.code
        if retry_is_useful is not None:
            self.retry_is_useful = retry_is_useful
