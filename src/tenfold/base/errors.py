"""Every error Tenfold raises on purpose.

The tree (each also is the built-in it resembles):

    TenfoldError
    ├── NotFound (LookupError)          asked for something by name or id that is not there; exit 4, HTTP 404
    │   ├── RunNotFound
    │   ├── VersionNotFound
    │   ├── RefNotFound
    │   ├── BlobNotFound
    │   ├── PredictionNotFound
    │   └── TaskNotFound
    ├── Invalid (ValueError)            a value the caller gave cannot be taken; exit 2, HTTP 400
    │   ├── InvalidAddress
    │   └── InvalidSearch               carries the position of the character
    ├── Conflict (RuntimeError)         somebody else was first; exit 1, HTTP 409
    │   ├── AlreadyExists
    │   ├── RefMoved
    │   └── StateConflict
    ├── Damaged (RuntimeError)          stored bytes do not match their hash; exit 1, HTTP 500
    ├── Unavailable (ConnectionError)   a store or server cannot be reached, a lock not had in time; exit 1, HTTP 503
    ├── StoreFull (OSError)             no room left; what was there before is intact; exit 1, HTTP 507
    ├── Forbidden (PermissionError)     no token, or it does not allow this; exit 1, HTTP 403
    ├── MissingExtra (ImportError)      an optional library is not installed; exit 1
    ├── CheckFailed (RuntimeError)      a gate, test or validation did not pass; exit 3, HTTP 422
    └── StepFailed (RuntimeError)       a pipeline step failed; exit 1

A message says what happened, with the value, and ends with what to do. `code` is the stable name on the wire;
`field` names the item of a request that is at fault, where there is one.
"""

from __future__ import annotations


class TenfoldError(Exception):
    """Root of the tree. `exit_code` is what the command line ends with, `status` what the server answers."""

    exit_code = 1
    status = 500

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message

    @property
    def code(self) -> str:
        return type(self).__name__


class NotFound(TenfoldError, LookupError):
    exit_code = 4
    status = 404


class RunNotFound(NotFound):
    pass


class VersionNotFound(NotFound):
    pass


class RefNotFound(NotFound):
    pass


class BlobNotFound(NotFound):
    pass


class PredictionNotFound(NotFound):
    pass


class TaskNotFound(NotFound):
    pass


class Invalid(TenfoldError, ValueError):
    exit_code = 2
    status = 400


class InvalidAddress(Invalid):
    pass


class InvalidSearch(Invalid):
    """A search text that cannot be read; `position` is the 0-based offset of the character at fault."""

    def __init__(self, message: str, *, position: int = 0, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.position = position


class Conflict(TenfoldError, RuntimeError):
    status = 409


class AlreadyExists(Conflict):
    pass


class RefMoved(Conflict):
    pass


class StateConflict(Conflict):
    pass


class Damaged(TenfoldError, RuntimeError):
    pass


class Unavailable(TenfoldError, ConnectionError):
    status = 503


class StoreFull(TenfoldError, OSError):
    status = 507


class Forbidden(TenfoldError, PermissionError):
    status = 403


class MissingExtra(TenfoldError, ImportError):
    pass


class CheckFailed(TenfoldError, RuntimeError):
    exit_code = 3
    status = 422


class StepFailed(TenfoldError, RuntimeError):
    pass


def _walk(root: type[TenfoldError]) -> dict[str, type[TenfoldError]]:
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found |= _walk(child)
    return found


BY_CODE: dict[str, type[TenfoldError]] = _walk(TenfoldError)
"""Error classes by their wire code, so that a store over HTTP raises what the embedded store raises."""
