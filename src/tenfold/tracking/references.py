"""Data left where it is: what can be told of it without copying it, so that a later look sees whether it changed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from tenfold.base.errors import Invalid
from tenfold.base.hashing import json_digest

LOOK_TIMEOUT_S = 10.0


def look(uri: str) -> dict[str, Any]:
    """What is known of a place: `uri` and, where it can be asked, `size_bytes`, `etag`, `modified`, `files`.

    A local file or folder: sizes and times, and an etag made of them. http(s): the answer to HEAD. Of other places only
    the URI is kept. `problem` says why a place that can be asked gave no answer.

    Raises:
        Invalid: It is no URI, or it carries a password.
    """
    parts = urlsplit(uri)
    if parts.password:
        raise Invalid(f"The address {_without_secret(uri)} carries a password. Leave it out", field="uri")
    if parts.scheme in ("http", "https"):
        return {"uri": uri, **_of_web(uri)}
    if parts.scheme in ("", "file"):
        path = Path(unquote(parts.path) if parts.scheme else uri).absolute()
        return {"uri": path.as_uri(), **_of_path(path)}
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) or not (parts.netloc or parts.path):
        raise Invalid(f"{uri!r} is no path and no URI. Write it like s3://bucket/key or /data/file", field="uri")
    return {"uri": uri}


def name_of(uri: str) -> str:
    """A name for the artifact, from the last part of the path."""
    last = unquote(urlsplit(uri).path).rstrip("/").rpartition("/")[2] or urlsplit(uri).netloc
    return re.sub(r"[^A-Za-z0-9._+-]", ".", last).strip(".-")[:200] or "reference"


def _of_path(path: Path) -> dict[str, Any]:
    try:
        if path.is_dir():
            seen = []
            for folder, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    state = (Path(folder) / name).stat()
                    seen.append([str(Path(folder, name).relative_to(path)), state.st_size, state.st_mtime_ns])
            return {"size_bytes": sum(row[1] for row in seen), "files": len(seen), "etag": json_digest(seen)}
        state = path.stat()
    except OSError as error:
        return {"problem": str(error)}
    return {"size_bytes": state.st_size, "files": 1, "etag": json_digest([state.st_size, state.st_mtime_ns])}


def _of_web(uri: str) -> dict[str, Any]:
    import httpx

    try:
        answer = httpx.head(uri, timeout=LOOK_TIMEOUT_S, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        return {"problem": str(error).partition("\n")[0]}
    told: dict[str, Any] = {}
    if "content-length" in answer.headers:
        told["size_bytes"] = int(answer.headers["content-length"])
    for key, header in (("etag", "etag"), ("modified", "last-modified")):
        if header in answer.headers:
            told[key] = answer.headers[header].strip('"')
    return told


def _without_secret(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:…@{parts.hostname or ''}"))
