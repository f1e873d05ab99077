"""Notes: the small objects by which writers and collectors make way for each other, each with a hash of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from blake3 import blake3

from tenfold.base.errors import Damaged

T = TypeVar("T")


def encode_note(*values: Any) -> bytes:
    """msgpack of the values and the hash of their own msgpack."""
    return msgspec.msgpack.encode([*values, blake3(msgspec.msgpack.encode(values)).digest()])


def decode_note(name: str, data: bytes, as_: type[T], *, before: Callable[[Any], Any]) -> T:
    """The values of a note. Raises Damaged, naming it.

    Args:
        as_: The type of the values, a tuple.
        before: Gives the values of a note as the first revision wrote it, without a hash; raises when it is none.
    """
    try:
        found = msgspec.msgpack.decode(data)
        if isinstance(found, list) and found and blake3(msgspec.msgpack.encode(found[:-1])).digest() == found[-1]:
            return msgspec.convert(found[:-1], as_)
        return msgspec.convert(before(found), as_)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TypeError, LookupError) as error:
        raise Damaged(f"{name} is damaged: {_MEANING[name.partition('/')[0]]}") from error


_MEANING = {
    "pins": "what it protects is not known, so nothing can be collected. It ends by itself a day after it was written; "
    "where no upload is under way, delete that file now",
    "sessions": "since when that upload writes is not known, so nothing can be collected. It ends by itself after two "
    "hours; where no upload is under way, delete that file now",
    "trash": "what was about to be removed is not known, so uploads store everything anew. A day after it was written "
    "`tenfold doctor --repair` or `tenfold gc` removes it; where nobody is writing, delete that file now",
}
