"""What can go wrong with an OpenCost, named after what the caller can do about it.

`retry_is_useful` answers whether asking the same again, later, may work. `reason` is a stable short
word for programs, finer than `code`.
"""

from costinsights.core.errors import ExchangeError


class OpenCostError(ExchangeError):
    """An OpenCost gave no usable answer."""

    code = "opencost_failed"
    status = 502
    title = "OpenCost gave no usable answer"


class OpenCostUnavailable(OpenCostError):
    """It cannot be reached just now, or a gateway in front says so. Ask again later."""

    code = "opencost_unavailable"
    title = "OpenCost cannot be reached just now"
    retry_is_useful = True


class OpenCostTimedOut(OpenCostError):
    """It did not finish in time. Ask again later, or for a shorter window."""

    code = "opencost_timed_out"
    status = 504
    title = "OpenCost took too long"
    retry_is_useful = True


class OpenCostUnreachable(OpenCostError):
    """The address, its certificate or our policy stands in the way: somebody must change something."""

    code = "opencost_unreachable"
    title = "OpenCost cannot be reached at this address"


class OpenCostRefusedCredentials(OpenCostError):
    """401 or 403: the credentials are missing, wrong, or not enough."""

    code = "opencost_refused_credentials"
    title = "OpenCost refused the credentials"


class NotOpenCost(OpenCostError):
    """Something answers there, but it is not OpenCost's API."""

    code = "not_opencost"
    title = "This is not OpenCost's API"


class OpenCostQueryFailed(OpenCostError):
    """OpenCost itself says that it could not answer this query."""

    code = "opencost_query_failed"
    title = "OpenCost could not answer"


class OpenCostAnswerInvalid(OpenCostError):
    """The answer breaks OpenCost's own format, so none of its numbers can be trusted."""

    code = "opencost_answer_invalid"
    title = "OpenCost's answer cannot be trusted"


class OpenCostAnswerTooLarge(OpenCostError):
    """More than we take. Ask for a shorter window or a coarser grain."""

    code = "opencost_answer_too_large"
    title = "OpenCost's answer is too large"


class LayerAbsent(OpenCostError):
    """This OpenCost does not offer a cost layer, or its gateway does not let it be asked. Nothing is wrong.

    `reason`: `not_there` (no such route), `not_set_up` (a route without anything behind it), `refused`.
    """

    code = "opencost_layer_absent"
    status = 404
    title = "This OpenCost does not have these costs"
