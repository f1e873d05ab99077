"""MLflow's errors: its codes, its statuses, and what each of Tenfold's errors is called there."""

from __future__ import annotations

import logging

import msgspec
from starlette.responses import Response

from tenfold.base import errors

STATUS = {
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "BAD_REQUEST": 400,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "INVALID_STATE": 400,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "RESOURCE_EXHAUSTED": 507,
}
"""HTTP status by error code. MLflow has 500 for INVALID_STATE and 429 for RESOURCE_EXHAUSTED, which its client tries again
for minutes, though neither passes by itself."""

_CODES: list[tuple[type[errors.TenfoldError], str]] = [
    (errors.NotFound, "RESOURCE_DOES_NOT_EXIST"),
    (errors.Invalid, "INVALID_PARAMETER_VALUE"),
    (errors.AlreadyExists, "RESOURCE_ALREADY_EXISTS"),
    (errors.Conflict, "RESOURCE_CONFLICT"),
    (errors.CheckFailed, "INVALID_PARAMETER_VALUE"),
    (errors.Unavailable, "TEMPORARILY_UNAVAILABLE"),
    (errors.StoreFull, "RESOURCE_EXHAUSTED"),
    (errors.Forbidden, "PERMISSION_DENIED"),
]
_log = logging.getLogger("tenfold.server")


class MlflowError(Exception):
    """An error as MLflow's client reads it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> MlflowError:
    """A value that cannot be taken."""
    return MlflowError("INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> MlflowError:
    """Something asked for that is not there."""
    return MlflowError("RESOURCE_DOES_NOT_EXIST", message)


def exists(message: str) -> MlflowError:
    """Something that is there already."""
    return MlflowError("RESOURCE_ALREADY_EXISTS", message)


def not_implemented(path: str) -> MlflowError:
    """A part of MLflow that this door does not have."""
    return MlflowError(
        "NOT_IMPLEMENTED", f"Tenfold does not implement MLflow's {path}: this door has tracking and registry"
    )


def answer(error: Exception, *, doing: str) -> Response:
    """The response to an error. One that nobody foresaw is logged with its trace, and told without it."""
    code, message = "INTERNAL_ERROR", f"The server hit an error nobody foresaw ({type(error).__name__}); see its log"
    if isinstance(error, MlflowError):
        code, message = error.code, error.message
    elif isinstance(error, errors.TenfoldError):
        code = next((code for kind, code in _CODES if isinstance(error, kind)), code)
        message = error.message
    elif isinstance(error, OverflowError):
        code, message = "INVALID_PARAMETER_VALUE", f"A number of the request does not fit 64 bits ({error})"
    if code == "INTERNAL_ERROR":
        _log.error("unexpected error: %s", doing, exc_info=error)
    body = msgspec.json.encode({"error_code": code, "message": message})
    return Response(body, STATUS[code], media_type="application/json")
