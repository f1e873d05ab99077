"""From an address to the version it means: the same rule for every face and engine."""

from __future__ import annotations

from tenfold.base.addresses import DEFAULT_REFS, LATEST, Address, parse
from tenfold.base.errors import VersionNotFound
from tenfold.contracts.pins import pinned
from tenfold.contracts.stores import Stores
from tenfold.records import Version


def resolve(stores: Stores, address: Address | str, *, default_kind: str | None = None) -> Version:
    """The version an address means now.

    Without a version, the kind's default ref (`main` for data, `champion` for models) and, where that does not
    exist, the highest number. `@latest` is always the highest number. Addresses that this process has pinned mean
    their pins; see `contracts.pins`.

    Raises:
        InvalidAddress: The text cannot be read.
        VersionNotFound: Nothing there; the message says what is there instead.
    """
    wanted = parse(address, default_kind=default_kind) if isinstance(address, str) else address
    if wanted.kind == "version":
        return stores.versions.get([wanted.name])[0]
    if (pin := pinned(wanted)) is not None:
        return stores.versions.get([pin])[0]
    if wanted.number is not None:
        found = stores.versions.find(wanted.kind, wanted.name, wanted.number)
    else:
        found = _by_ref(stores, wanted)
    if found is None or found.deleted_at_ms is not None:
        raise VersionNotFound(_nothing_there(stores, wanted), field="address")
    return found


def _by_ref(stores: Stores, wanted: Address) -> Version | None:
    ref = wanted.ref or DEFAULT_REFS.get(wanted.kind, LATEST)
    if ref != LATEST:
        pointed = stores.refs.find(wanted.kind, wanted.name, ref)
        if pointed is not None:
            return stores.versions.get([pointed.version_id])[0]
        if wanted.ref is not None:
            return None
    return stores.versions.find(wanted.kind, wanted.name)


def _nothing_there(stores: Stores, wanted: Address) -> str:
    newest = stores.versions.find(wanted.kind, wanted.name)
    if newest is None:
        near = ", ".join(f"{k}:{n}" for k, n, _, _ in stores.versions.names(wanted.kind)[:5])
        return f"Nothing is called {wanted.kind}:{wanted.name}. " + (
            f"There are: {near}" if near else f"There is no {wanted.kind} in this store yet"
        )
    refs = ", ".join(ref.ref for ref in stores.refs.all(wanted.kind, wanted.name)) or "none"
    return f"No version '{wanted}'. The newest is {newest.address}; refs: {refs}"
