"""A contract carried out by a server: each of its methods one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from tenfold.base.errors import Invalid, Unavailable
from tenfold.contracts.wire import CONTRACTS, MEDIA_TYPE, Operation, operations
from tenfold.stores.http.link import Link

T = TypeVar("T")


def remote(contract: type[T], link: Link) -> T:
    """An object of a contract whose methods are done by the server at the other end of the link."""
    name = next(name for name, known in CONTRACTS.items() if known is contract)
    methods: dict[str, Any] = {
        method: _caller(operation, link) for (of, method), operation in operations().items() if of == name
    }
    return cast("T", type(f"Http{contract.__name__}", (contract,), methods)())


def _caller(operation: Operation, link: Link) -> Callable[..., Any]:
    headers = {"content-type": MEDIA_TYPE}

    def call(_self: object, *args: Any, **kwargs: Any) -> Any:
        try:
            content = operation.encode_call(*args, **kwargs)
        except (OverflowError, UnicodeError) as error:
            raise Invalid(f"A value cannot be sent ({error}). Whole numbers fit 64 bits") from error
        answer = link.request(
            "POST", operation.path, content=content, headers=headers, repeatable=operation.is_repeatable
        )
        try:
            return operation.result_decoder.decode(answer.content)
        except ValueError as error:
            raise Unavailable(
                f"The server at {link.url} gave an answer that cannot be read ({error}). It may be of another version"
            ) from error

    call.__name__ = operation.method
    return call
