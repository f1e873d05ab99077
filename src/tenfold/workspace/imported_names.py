"""Names, keys, texts and ids of what others made, as the stores here take them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tenfold.base import ids
from tenfold.base.addresses import check_ref
from tenfold.base.errors import InvalidAddress
from tenfold.base.hashing import digest
from tenfold.contracts.changes import KEY_CHARACTERS


def plain_name(name: str) -> str:
    """A name that a project or an artifact may bear, as close to the given one as that goes."""
    plain = re.sub(r"[^A-Za-z0-9 ._+-]", ".", name).strip(" ")
    return (plain if plain[:1].isalnum() else f"x{plain}")[:200].strip(" ")


def plain_text(text: str) -> str:
    """A text every store takes: halves of characters and NULs, which no database keeps, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def plain_texts(value: Any) -> Any:
    """A tree of JSON values with such texts only."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain_texts(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_texts(inner) for inner in value]
    return value


def plain_ref(alias: str) -> str:
    """A name that a ref may bear, as close to the given one as that goes."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", ".", alias)[:120]
    try:
        return check_ref(plain)
    except InvalidAddress:
        return f"alias-{plain}"


def fits(key: str, value: Any) -> bool:
    """True when the store takes this key, and with it each one inside its value."""
    if isinstance(value, Mapping):
        return all(fits(f"{key}.{inner}", part) for inner, part in value.items())
    return 0 < len(key) <= KEY_CHARACTERS


def id_at(at_ms: int, what: str) -> str:
    """The id that a thing of this moment and description always has."""
    return ids.encode(min(max(at_ms, 0), 2**48 - 1), int(digest(what.encode("utf-8", "replace"))[:20], 16))
