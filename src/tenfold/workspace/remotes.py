"""Remotes of a workspace: their names in tenfold.toml, and how each is opened. No secret is ever in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tenfold.base import settings
from tenfold.base.errors import Conflict, Invalid, NotFound
from tenfold.base.files import write_atomic
from tenfold.base.hashing import digest
from tenfold.workspace.workspace import current

if TYPE_CHECKING:
    from tenfold.data.remotes import Home

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A remote as tenfold.toml names it."""

    name: str
    url: str
    is_default: bool


def list_remotes() -> list[Remote]:
    """The remotes that tenfold.toml names, sorted by name."""
    named = settings.remotes()
    default = settings.get("remote") or (next(iter(named)) if len(named) == 1 else None)
    return [Remote(name=name, url=url, is_default=name == default) for name, url in named.items()]


def add_remote(name: str, url: str) -> Remote:
    """Name a remote in tenfold.toml, which is made where there is none; one of that name gets the new URL.

    Raises:
        Invalid: The name or the URL cannot be taken; a URL with a password in it never can.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(f"A remote cannot be called {name!r}. Take a letter, then letters, digits, _ or -", field="name")
    _check_place(url)
    _edit({name: url if "://" in url else str(Path(url).expanduser().absolute())})
    return find_remote(name)


def remove_remote(name: str) -> Remote:
    """Take a remote's line out of tenfold.toml; what lies there stays."""
    found = find_remote(name)
    _edit({name: None})
    return found


def set_default_remote(name: str) -> Remote:
    """Make a remote the one that is meant when none is named."""
    find_remote(name)
    path = _file()
    lines = [line for line in path.read_text("utf-8").splitlines() if not re.match(r"remote\s*=", line)]
    write_atomic(path, "\n".join([f"remote = {_quoted(name)}", *lines, ""]).encode())
    return find_remote(name)


def find_remote(name: str | None = None) -> Remote:
    """The remote of that name, or the one that is meant when none is named; a URL or a folder is one without a name.

    Raises:
        NotFound: There is none, or which is meant cannot be known.
    """
    known = list_remotes()
    if name is not None and ("://" in name or "/" in name):
        return next((one for one in known if one.url == name), Remote(name="elsewhere", url=name, is_default=False))
    for one in known:
        if one.name == name or (name is None and one.is_default):
            return one
    names = ", ".join(one.name for one in known)
    if name is None and known:
        raise NotFound(f"Which remote is meant? There are {names}. Name it with --remote, or once and for all with: tenfold "
                       "data remote default NAME", field="remote")  # fmt: skip
    raise NotFound(f"There is no remote{f' {name!r}' if name else ''}. {f'There are {names}. ' if known else ''}Name one with: "
                   "tenfold data remote add origin s3://bucket/prefix", field="remote")  # fmt: skip


def open_home(url: str) -> Home:
    """The home at a folder, a bucket's URL, or http(s)://server, a Tenfold server. Nothing is read before its first use."""
    from tenfold.data.remotes import BucketHome, StoreHome
    from tenfold.stores.blobs import open_blobs

    cache = cache_of(url)
    if url.startswith(("http://", "https://")):
        from tenfold.stores.http import open_http

        return StoreHome(url, open_http(url.rstrip("/"), settings.get("token"), cache))
    _check_place(url)
    return BucketHome(url, open_blobs(url, cache), cache)


def cache_of(url: str) -> Path:
    """The folder for what can be read again from a remote."""
    return current().folder / "cache" / "remotes" / digest(url.encode())[:16]


def _check_place(url: str) -> None:
    if "://" not in url:
        return
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.username or parts.password:
        raise Invalid(
            "A URL with a user or password in it is not taken: secrets belong into the environment", field="url"
        )
    if parts.scheme not in ("http", "https"):
        from tenfold.stores.blobs.services import service_of

        service_of(url, {})


def _file() -> Path:
    return settings.find_upwards("tenfold.toml") or Path.cwd() / "tenfold.toml"


def _edit(changes: dict[str, str | None]) -> None:
    """Set or (None) remove lines of the table of remotes, leaving all else in the file as it is."""
    path = _file()
    settings.remotes()  # refuses a file that cannot be read before anything is changed
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    head = f"[{settings.REMOTES}]"
    if head not in lines:
        if settings.remotes():
            raise Conflict(
                f"{path} has its remotes in another form than a table. Write them below a line {head}", field="remotes"
            )
        lines += ["", head] if lines and lines[-1] else [head]
    start = lines.index(head) + 1
    end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    kept = [line for line in lines[start:end] if _key(line) not in changes]
    new = [f"{name} = {_quoted(url)}" for name, url in changes.items() if url is not None]
    while kept and not kept[-1]:
        kept.pop()
    blank = [""] if end < len(lines) else []
    write_atomic(path, "\n".join([*lines[:start], *kept, *new, *blank, *lines[end:], ""]).encode())


def _key(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'")


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a JSON string is a basic string of TOML
