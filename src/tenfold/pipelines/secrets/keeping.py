"""Secrets: named values that steps are given and that are kept encrypted, or only as a word on where they are.

A secret is a version of `secret:<name>`. Its content is either where to look (`env:NAME`, `file:PATH`) or the value
under AES-256-GCM with the name as associated data, so that one cannot be put in another's place. The key never enters
the store: it is in TENFOLD_SECRETS_KEY, or in a file that only its owner may read, made with the first secret.
"""

from __future__ import annotations

import base64
import os
import re
import secrets as randomness
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Forbidden, Invalid, NotFound, Unavailable
from tenfold.base.extras import require
from tenfold.base.files import locked, write_atomic
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.pipelines.secrets.masked_output import masked_output
from tenfold.pipelines.secrets.masking import SHORTEST, Masker
from tenfold.records import Draft, Version

KIND = "secret"
KEY_VARIABLE = "TENFOLD_SECRETS_KEY"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_SOURCES = ("env:", "file:")


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the store knows of a secret."""

    source: str = ""
    """Where to look; '' when `sealed` holds the value."""
    sealed: bytes = b""
    """Nonce and ciphertext."""


class SecretRow(msgspec.Struct, frozen=True):
    """A secret as it is listed, without what it is."""

    name: str
    kept: str
    """'encrypted', or where it is looked up."""
    version: int
    changed_at_ms: int
    author: str


def check_name(name: str) -> str:
    """The name of a secret: also a variable's. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for a secret. Use letters, digits and _, like DB_PASSWORD", field="secret")
    return name


def set_secret(stores: Stores, name: str, value: str, *, who: str = "", clock: Clock = now_ms) -> Version:
    """Keep a value encrypted, in place of what the name held before, of which nothing is kept.

    Raises:
        Invalid: The name is none, or the value too short to be masked.
    """
    _check_value(check_name(name), value)
    sealer = _sealer(_key(make=True))
    nonce = randomness.token_bytes(_NONCE_BYTES)
    kept = Kept(sealed=nonce + sealer.encrypt(nonce, value.encode(), name.encode()))
    return _keep(stores, name, kept, who, clock)


def refer(stores: Stores, name: str, source: str, *, who: str = "", clock: Clock = now_ms) -> Version:
    """Keep where a secret is found when a step runs: env:NAME or file:PATH, on the machine that runs it. Raises Invalid."""
    check_name(name)
    if not any(source.startswith(one) and len(source) > len(one) for one in _SOURCES):
        raise Invalid(f"{source!r} says not where the secret is. Write env:NAME or file:PATH", field="source")
    return _keep(stores, name, Kept(source=source), who, clock)


def _keep(stores: Stores, name: str, kept: Kept, who: str, clock: Clock) -> Version:
    before = _all_of(stores, name)
    data = msgspec.msgpack.encode(kept)
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, digest=digest(data), size_bytes=len(data), inline=data, type="secret",
        metadata={"kept": kept.source or "encrypted"}, author=who, created_at_ms=clock(),
    )  # fmt: skip
    version = stores.versions.publish([draft])[0]
    _forget(stores, before, clock)
    return version


def remove(stores: Stores, name: str, *, clock: Clock = now_ms) -> None:
    """Forget a secret for good. Raises NotFound."""
    found = _all_of(stores, check_name(name))
    if not found:
        raise _no_secret(stores, name)
    _forget(stores, found, clock)


def _forget(stores: Stores, versions: list[Version], clock: Clock) -> None:
    if ids_ := [version.id for version in versions]:
        stores.versions.set_deleted(ids_, at_ms=clock())
        stores.versions.purge(ids_)


def _all_of(stores: Stores, name: str) -> list[Version]:
    return stores.versions.search(KIND, name, limit=1000)


def all_secrets(stores: Stores) -> list[SecretRow]:
    """Every secret, sorted by name."""
    found = [stores.versions.find(KIND, name) for _, name, _, _ in stores.versions.names(KIND)]
    return [
        SecretRow(one.name, one.metadata["kept"], one.number, one.created_at_ms, one.author)
        for one in found
        if one is not None and not one.is_purged
    ]


def value_of(stores: Stores, name: str) -> str:
    """What a secret is.

    Raises:
        NotFound: There is none of that name, or it is not where it was said to be.
        Forbidden: It was encrypted with another key, or altered.
        Invalid: It is too short to be masked.
    """
    version = stores.versions.find(KIND, check_name(name))
    if version is None or version.is_purged:
        raise _no_secret(stores, name)
    kept = msgspec.msgpack.decode(version.inline or b"", type=Kept)
    return _check_value(name, _looked_up(name, kept.source) if kept.source else _opened(name, kept.sealed))


def _looked_up(name: str, source: str) -> str:
    kind, _, place = source.partition(":")
    try:
        return os.environ[place] if kind == "env" else Path(place).expanduser().read_text("utf-8").rstrip("\r\n")
    except (KeyError, OSError, UnicodeDecodeError):
        where = f"variable {place}" if kind == "env" else f"readable file {place}"
        raise NotFound(
            f"The secret {name} is to be found at {source}, but there is no {where} here", field="secret"
        ) from None


def _opened(name: str, sealed: bytes) -> str:
    invalid_tag = require("cryptography.exceptions", extra="secrets", why="open secrets").InvalidTag
    try:
        data: bytes = _sealer(_key(make=False)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
    except invalid_tag:
        raise Forbidden(
            f"The secret {name} was encrypted with another key than the one here. Set {KEY_VARIABLE} to that key, or set "
            f"the secret again: tenfold secrets set {name}",
            field="secret",
        ) from None
    return data.decode()


def _check_value(name: str, value: str) -> str:
    if len(value.strip()) < SHORTEST:
        raise Invalid(
            f"The secret {name} has fewer than {SHORTEST} characters, and could not be masked in logs", field="secret"
        )
    return value


def _no_secret(stores: Stores, name: str) -> NotFound:
    known = ", ".join(row.name for row in all_secrets(stores)[:8])
    there = f" There are: {known}." if known else ""
    return NotFound(f"There is no secret {name}.{there} Set it with: tenfold secrets set {name}", field="secret")


# The key


def key_file() -> Path:
    """Where the key is kept when no variable holds it."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "tenfold" / "secrets.key"


def _key(*, make: bool) -> bytes:
    text, place = os.environ.get(KEY_VARIABLE, ""), key_file()
    if not text and make and not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(place.with_suffix(".lock"), purpose="making the key of secrets"):
            if not place.exists():
                write_atomic(place, base64.b64encode(randomness.token_bytes(_KEY_BYTES)) + b"\n", mode=0o600)
    try:
        text = text or place.read_text("ascii")
    except FileNotFoundError:
        raise NotFound(
            f"The key of the secrets is not here: neither {KEY_VARIABLE} nor {place}. Bring it from where they were set",
            field="secret",
        ) from None
    except OSError as error:
        raise Unavailable(
            f"The key of the secrets in {place} cannot be read: {error.strerror}", field="secret"
        ) from error
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        where = KEY_VARIABLE if os.environ.get(KEY_VARIABLE) else str(place)
        raise Invalid(f"{where} is no key: 32 bytes in base64. Make one with: openssl rand -base64 32", field="secret")
    return key


def carry_key() -> None:
    """Put the key, if there is one here, into this process's environment, which engines carry to where steps run."""
    if not os.environ.get(KEY_VARIABLE) and key_file().exists():
        os.environ[KEY_VARIABLE] = base64.b64encode(_key(make=False)).decode()


def _sealer(key: bytes) -> Any:
    return require("cryptography.hazmat.primitives.ciphers.aead", extra="secrets", why="keep secrets").AESGCM(key)


# In a step

_given: ContextVar[dict[str, str] | None] = ContextVar("tenfold_secrets", default=None)


def secret_here(name: str, stores: Callable[[], Stores]) -> str:
    """What a secret is: inside a step one that it declares, elsewhere any. Raises Invalid, and what `value_of` does."""
    declared = _given.get()
    if declared is None:
        return value_of(stores(), name)
    if name not in declared:
        raise Invalid(
            f"This step is not given the secret {name}. Declare it with @step(secrets=[{name!r}])", field="secrets"
        )
    return declared[name]


@contextmanager
def given(names: Sequence[str], stores: Callable[[], Stores] | None) -> Iterator[Masker]:
    """Give a step its secrets: in its environment and by `tenfold.secret`; what it prints is masked.

    Raises what `value_of` does.
    """
    if not names:
        token = _given.set({})
        try:
            yield Masker([])
        finally:
            _given.reset(token)
        return
    if stores is None:
        raise Invalid("This step asks for secrets, and no store is at hand to look them up in", field="secrets")
    values = {name: value_of(stores(), name) for name in names}
    key = os.environ.get(KEY_VARIABLE)
    masker = Masker([*values.values(), *([key] if key else [])])
    before = {name: os.environ.get(name) for name in (*names, KEY_VARIABLE)}
    token = _given.set(values)
    os.environ.update(values)
    os.environ.pop(KEY_VARIABLE, None)  # what the step starts has no use for it
    try:
        with masked_output(masker):
            yield masker
    finally:
        _given.reset(token)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
