"""Addresses given as a pipeline's params: fixed to the exact version when the run starts."""

from __future__ import annotations

from typing import Any

from tenfold.base.addresses import Address, parse
from tenfold.base.errors import InvalidAddress, VersionNotFound
from tenfold.contracts import Stores, resolve

KINDS = ("data", "model")


class Exact(str):
    """The text of an address with its version's number, which also knows that version and the content it names."""

    version_id: str
    digest: str


def fix_addresses(stores: Stores, value: Any) -> Any:
    """The value with every address of data or a model in it made exact, also inside lists and dicts.

    An address that names nothing yet (the champion before there is one) stays as it is.
    """
    if type(value) is str:
        return _exact(stores, value)
    if type(value) in (list, tuple):
        return type(value)(fix_addresses(stores, item) for item in value)
    if type(value) is dict:
        return {key: fix_addresses(stores, item) for key, item in value.items()}
    return value


def _exact(stores: Stores, text: str) -> str:
    if text.partition(":")[0] not in KINDS or "\n" in text:
        return text
    try:
        wanted = parse(text)
        version = resolve(stores, wanted)
    except (InvalidAddress, VersionNotFound):
        return text
    exact = Exact(Address(version.kind, version.name, number=version.number, path=wanted.path))
    exact.version_id, exact.digest = version.id, version.digest
    if wanted.path is not None:
        entry = stores.blobs.find_entry(version.digest, wanted.path)
        if entry is not None and entry.digest:
            exact.digest = entry.digest
    return exact
