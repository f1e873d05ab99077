"""One request as the handlers see it: the stores, and arguments read with MLflow's own complaints."""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.doors.mlflow.errors import MlflowError, invalid

T = TypeVar("T")
_SEE = "See the API docs for more information about request parameters."
_INT64 = 2**63


class Call:
    """Arguments by name: of a body's JSON, or of a query, where each is a list of texts."""

    def __init__(self, stores: Stores, args: dict[str, Any], body: bytes = b"") -> None:
        self.stores, self.args, self.body = stores, args, body
        self.now = now_ms()

    def get(self, name: str) -> Any:
        """An argument as it came, None when it did not; of a query the last of its name."""
        value = self.args.get(name)
        return value[-1] if isinstance(value, _Query) else value

    def find(self, name: str) -> str | None:
        """A text, or None."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"{_shown(name, value)} Hint: Value was of type '{type(value).__name__}'. {_SEE}")
        return value

    def text(self, name: str, *others: str) -> str:
        """A text that must be there, under its name or, from older clients, another."""
        for each in (name, *others):
            if found := self.find(each):
                return found
        raise invalid(f"Missing value for required parameter '{name}'. {_SEE}")

    def run_id(self) -> str:
        """The run the call is about."""
        return self.text("run_id", "run_uuid")

    def integer(self, name: str, default: int) -> int:
        """A whole number, also written as a text."""
        found = self.find_integer(name)
        return default if found is None else found

    def find_integer(self, name: str) -> int | None:
        """A whole number, or None."""
        return whole(self.get(name), name)

    def flag(self, name: str) -> bool:
        """A truth, False when not given."""
        return self.get(name) in (True, "true", "True")

    def many(self, name: str) -> list[Any]:
        """A list; [] when not given, one alone is a list of one."""
        value = self.args.get(name)
        if value is None:
            return []
        if isinstance(value, (list, tuple)):
            return list(value)
        return [value]

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        found = self.many(name)
        for value in found:
            if not isinstance(value, str):
                raise invalid(f"{_shown(name, value)} Hint: Value was of type '{type(value).__name__}'. {_SEE}")
        return found

    def pairs(self, name: str) -> dict[str, str]:
        """A list of {key, value} as a mapping."""
        found: dict[str, str] = {}
        if isinstance(self.args.get(name), (str, int, float)):
            raise invalid(f"{_shown(name, self.args[name])} Hint: Value was of type 'str'. {_SEE}")
        for index, each in enumerate(self.many(name)):
            if not isinstance(each, dict) or not isinstance(each.get("key"), str):
                raise invalid(f"Missing value for required parameter '{name}[{index}].key'. {_SEE}")
            found[each["key"]] = _text_of(each.get("value"))
        return found


class _Query(list[str]):
    """The values of one name of a query."""


def of_query(items: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Arguments from a query."""
    args: dict[str, Any] = {}
    for name, value in items:
        args.setdefault(name, _Query()).append(value)
    return args


def of_body(body: bytes) -> dict[str, Any]:
    """Arguments from a body of JSON, which clients of old wrote twice over and Python's writes NaN into."""
    if not body.strip():
        return {}
    try:
        try:
            found = msgspec.json.decode(body)
        except msgspec.DecodeError:
            found = json.loads(body)
        if isinstance(found, str):
            found = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise MlflowError("BAD_REQUEST", f"The body is not JSON that can be read: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise invalid(f"The body must be a JSON object, not {type(found).__name__}. {_SEE}")
    return found


def whole(value: Any, name: str) -> int | None:
    """A whole number of 64 bits from what JSON or a query holds."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
            raise ValueError
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise invalid(f"{_shown(name, value)} Hint: Value was of type '{type(value).__name__}'. {_SEE}") from None
    if not -_INT64 <= number < _INT64:
        raise invalid(f"{_shown(name, str(value))} It does not fit 64 bits. {_SEE}")
    return number


def number(value: float) -> float | str:
    """A double as protobuf's JSON has it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def pairs(mapping: dict[str, str]) -> list[dict[str, str]]:
    """A mapping as a list of {key, value}."""
    return [{"key": key, "value": value} for key, value in mapping.items()]


def max_results(call: Call, *, default: int, most: int) -> int:
    """The length of the page asked for."""
    wanted = call.integer("max_results", default)
    if not 1 <= wanted <= most:
        raise invalid(
            f"Invalid value {wanted} for parameter 'max_results' supplied. It must be at least 1 and at most {most}"
        )
    return wanted


def offset(call: Call) -> int:
    """Where the page asked for begins."""
    token = call.find("page_token")
    if not token:
        return 0
    try:
        found = int(b64decode(token, validate=True))
    except ValueError:
        found = -1
    if not 0 <= found < 2**53:
        raise invalid(f"Invalid page token, could not base64-decode: {token!r}")
    return found


def token(at: int) -> str:
    """The page token of an offset."""
    return b64encode(str(at).encode()).decode()


def page(call: Call, items: list[T], *, default: int, most: int) -> tuple[list[T], dict[str, str]]:
    """The page of a whole list, and the token of the next as a part of the answer."""
    size, start = max_results(call, default=default, most=most), offset(call)
    following = {"next_page_token": token(start + size)} if start + size < len(items) else {}
    return items[start : start + size], following


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _shown(name: str, value: Any) -> str:
    return f"Invalid value {json.dumps(value, sort_keys=True)[:500]} for parameter '{name}' supplied."
