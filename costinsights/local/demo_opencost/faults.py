"""Ways for the demo to misbehave: what a real OpenCost, its proxy or the network between do at times."""

import gzip
import json
from enum import StrEnum

from costinsights.opencost.sample.answers import JSON, Answer, encode

GZIP_FROM_BYTES = 50_000  # the UI's nginx compresses JSON from this size on


class Fault(StrEnum):
    """A fault mode; the comment says what a client sees."""

    NONE = "none"
    DOWN = "down"  # 503 with a line of text
    SLOW = "slow"  # the whole answer, in drops
    HANG = "hang"  # the connection is accepted and nothing ever comes
    HTML = "html"  # 200 and a page: a login or a gateway stands before OpenCost
    UNAUTHORIZED = "unauthorized"  # 401 without the bearer token `demo-token`
    EMPTY = "empty"  # 200 and sets without rows: Prometheus has nothing
    OLD_ENVELOPE = "old_envelope"  # OpenCost 1.114 and earlier: `status`, errors as HTTP 200
    HTTP200_CODE500 = "http200_code500"  # encoding failed after the header had gone out
    NULL_TOTALS = "null_totals"  # a load balancer's cost, and with it the total, is null
    NAN_TOTALS = "nan_totals"  # the bare word NaN where a number belongs
    TRUNCATED = "truncated"  # the connection ends in the middle of the body
    CUT_JSON = "cut_json"  # a complete HTTP answer whose JSON stops half-way
    GZIP = "gzip"  # compressed, as behind the UI's proxy
    REDIRECT = "redirect"  # 302 to itself


_PAGE = (
    b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
)


def disturbed(fault: Fault, path: str, answer: Answer) -> Answer:
    """The answer a client gets under faults that change only status, type or body."""
    allocations = path.startswith("/allocation")
    match fault:
        case Fault.DOWN:
            return Answer(503, "text/plain; charset=utf-8", b"no healthy upstream\n")
        case Fault.HTML:
            return Answer(200, "text/html", _PAGE)
        case Fault.HTTP200_CODE500:
            return Answer(200, JSON, encode({"code": 500, "message": "Internal Server Error"}))
        case Fault.OLD_ENVELOPE if answer.content_type == JSON and path != "/installInfo":
            return _old(answer)
        case Fault.EMPTY if allocations and answer.status == 200:
            return Answer(200, JSON, encode({"code": 200, "data": [{}]}))
        case Fault.NAN_TOTALS if allocations and answer.status == 200:
            return Answer(200, JSON, _with_nan(answer.body))
        case Fault.CUT_JSON:
            return Answer(answer.status, answer.content_type, answer.body[: len(answer.body) // 2])
    return answer


def _old(answer: Answer) -> Answer:
    """`status` in the envelope, errors under HTTP 200, and none of the fields that came later."""
    document = json.loads(answer.body)
    document["status"] = "success" if document["code"] == 200 else "error"
    for rows in document["data"] if isinstance(document["data"], list) else []:
        for row in rows.values():
            for name in (
                "cpuCoreLimitAverage", "ramByteLimitAverage", "networkNatGatewayEgressCost",
                "networkNatGatewayIngressCost", "gpuAllocation",
            ):  # fmt: skip
                row.pop(name, None)
    return Answer(200, JSON, encode(document))


def _with_nan(body: bytes) -> bytes:
    document = json.loads(body)
    for rows in document["data"]:
        for row in list(rows.values())[::7]:
            row["totalCost"] = float("nan")
            row["loadBalancerCost"] = float("nan")
    return json.dumps(document).encode()


def compressed(body: bytes) -> bytes:
    """gzip, the same bytes each time."""
    return gzip.compress(body, compresslevel=5, mtime=0)
