"""The contracts as a table of operations that can be called from afar, built from their own methods and annotations.

Both halves of the wire read it: stores/http calls operations, the server answers them. A method added to a contract is
thereby an operation; nothing is written twice. Bytes (Medium) have routes of their own, for they stream and take ranges.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, get_type_hints

import msgspec

from tenfold.contracts.events import Events
from tenfold.contracts.lineage import Lineage
from tenfold.contracts.refs import Refs
from tenfold.contracts.runs import Runs
from tenfold.contracts.series import Series
from tenfold.contracts.tasks import Tasks
from tenfold.contracts.versions import Versions

CONTRACTS: dict[str, type] = {
    "runs": Runs,
    "series": Series,
    "versions": Versions,
    "refs": Refs,
    "lineage": Lineage,
    "tasks": Tasks,
    "events": Events,
}
"""By the name each has in a `Stores` bundle and on the wire."""

STORE_PREFIX = "/api/v1/store"
OBJECTS_PREFIX = "/api/v1/objects"
MEDIA_TYPE = "application/msgpack"

_CHANGES_ONCE_ONLY = frozenset(
    {
        ("runs", "transition"),  # a second try would be refused by the state that the first one made
        ("runs", "set_deleted"),
        ("runs", "purge"),
        ("versions", "set_deleted"),
        ("versions", "purge"),
        ("refs", "move"),
        ("tasks", "claim"),
        ("tasks", "apply"),
        ("events", "append"),
        ("events", "trim"),
        ("series", "delete"),
    }
)
_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True)
class Operation:
    """One method of one contract. Arguments travel as a msgpack map by name, the result as msgpack."""

    contract: str
    method: str
    signature: inspect.Signature
    arguments: type[msgspec.Struct]
    result: Any

    @property
    def path(self) -> str:
        return f"{STORE_PREFIX}/{self.contract}/{self.method}"

    @property
    def is_repeatable(self) -> bool:
        """True when doing it twice comes to the same as once, result included: then a lost answer may be asked again."""
        return (self.contract, self.method) not in _CHANGES_ONCE_ONLY

    @cached_property
    def arguments_decoder(self) -> msgspec.msgpack.Decoder[Any]:
        """Decodes and checks what a caller sent."""
        return msgspec.msgpack.Decoder(self.arguments)

    @cached_property
    def result_decoder(self) -> msgspec.msgpack.Decoder[Any]:
        """Decodes what a server answered."""
        return msgspec.msgpack.Decoder(self.result)

    def encode_call(self, *args: Any, **kwargs: Any) -> bytes:
        """A call as it travels. Raises TypeError as the method itself would."""
        bound = self.signature.bind(None, *args, **kwargs)
        del bound.arguments["self"]
        return _encoder.encode(bound.arguments)

    def answer(self, store: Any, call: bytes) -> bytes:
        """Do a call on a store; gives the result as it travels.

        Raises:
            msgspec.DecodeError: The call cannot be read; the message names the field.
            TenfoldError: What the store raised.
        """
        arguments = self.arguments_decoder.decode(call)
        positional = []
        named = {}
        for name, parameter in self.signature.parameters.items():
            if name == "self":
                continue
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[name] = getattr(arguments, name)
            else:
                positional.append(getattr(arguments, name))
        return _encoder.encode(getattr(store, self.method)(*positional, **named))


@cache
def operations() -> dict[tuple[str, str], Operation]:
    """All operations by (contract, method)."""
    return {
        (name, method): _operation(name, method, getattr(contract, method))
        for name, contract in CONTRACTS.items()
        for method in sorted(contract.__abstractmethods__)  # type: ignore[attr-defined]
    }


def _operation(contract: str, method: str, function: Any) -> Operation:
    hints = get_type_hints(function)
    result = hints.pop("return")
    signature = inspect.signature(function)
    fields: list[Any] = []
    for name, parameter in signature.parameters.items():
        if name == "self":
            continue
        if parameter.default is parameter.empty:
            fields.append((name, hints[name]))
        else:
            fields.append((name, hints[name], parameter.default))
    title = f"{contract}_{method}"
    arguments = msgspec.defstruct(title, fields, frozen=True, kw_only=True, forbid_unknown_fields=True)
    return Operation(contract, method, signature, arguments, result)
