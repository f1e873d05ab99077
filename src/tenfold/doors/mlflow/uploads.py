"""Files that arrive in parts: begun, each part put by its number, then joined or given up.

Parts are files of nobody until they are joined, so that any server of a team may take any of them.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.doors.mlflow.artifacts import upload
from tenfold.doors.mlflow.calls import Call
from tenfold.doors.mlflow.checks import safe_path
from tenfold.doors.mlflow.errors import invalid, missing
from tenfold.doors.mlflow.files import File, LooseFiles, files_at

KIND = "upload-part"
PARTS_AT_ONCE = 10_000


def create(call: Call, folder: str, base: str, headers: dict[str, str]) -> dict[str, Any]:
    """`mpu/create/<folder>`: an id for an upload, and where to put each of its parts."""
    count = call.integer("num_parts", 1)
    if not 1 <= count <= PARTS_AT_ONCE:
        raise invalid(f"Invalid value {count} for parameter 'num_parts' supplied. It is from 1 to {PARTS_AT_ONCE}")
    _target(call, folder)
    upload_id = secrets.token_hex(16)
    parts = [
        {"url": f"{base}/api/2.0/mlflow-artifacts/mpu/part/{upload_id}/{number}", "part_number": number, "headers": headers}
        for number in range(1, count + 1)
    ]  # fmt: skip
    return {"upload_id": upload_id, "credentials": parts}


def put_part(stores: Stores, path: str, content: bytes | Path) -> str:
    """Store a part at `<upload>/<number>`; gives its ETag."""
    upload_id, _, number = path.partition("/")
    if not (upload_id.isalnum() and number.isdecimal()):
        raise invalid(f"Invalid path: {path!r} is no part of an upload")
    parts = LooseFiles(stores, KIND)
    parts.put(path, content)
    return _etag(parts, path)


def complete(call: Call, folder: str, base: str, headers: dict[str, str]) -> dict[str, Any]:
    """`mpu/complete/<folder>`: the parts, joined in the order given, become the file."""
    target, upload_id = _target(call, folder), call.text("upload_id")
    parts = LooseFiles(call.stores, KIND)
    wanted = [_part(each, index) for index, each in enumerate(call.many("parts"))]
    if not wanted:
        raise invalid("Missing value for required parameter 'parts'.")
    with tempfile.NamedTemporaryFile(prefix="tenfold-upload-") as whole:
        for number, etag in sorted(wanted):
            path = f"{upload_id}/{number}"
            file = parts.find(path)
            if file is None or (etag and etag != _etag_of(file)):
                raise missing(f"Part {number} of upload '{upload_id}' did not arrive as it was sent. Send it again")
            with parts.open(file) as reader:
                shutil.copyfileobj(reader, whole, 1 << 20)
        whole.flush()
        upload(call.stores, target, Path(whole.name))
    parts.delete(upload_id)
    return {}


def abort(call: Call, folder: str, base: str, headers: dict[str, str]) -> dict[str, Any]:
    """`mpu/abort/<folder>`: the parts are removed."""
    LooseFiles(call.stores, KIND).delete(safe_path(call.text("upload_id")))
    return {}


def presigned(call: Call, path: str, base: str, headers: dict[str, str]) -> dict[str, Any]:
    """`presigned/<path>`: where to read a file in ranges, which is here."""
    found, name = files_at(call.stores, path)
    file = found.find(name)
    if file is None:
        raise missing(f"No such artifact: '{path}'")
    url = f"{base}/api/2.0/mlflow-artifacts/artifacts/{quote(safe_path(path))}"
    return {"url": url, "headers": headers, "file_size": file.size_bytes}


STEPS: dict[tuple[str, str], Callable[[Call, str, str, dict[str, str]], dict[str, Any]]] = {
    ("POST", "mpu/create"): create,
    ("POST", "mpu/complete"): complete,
    ("POST", "mpu/abort"): abort,
    ("GET", "presigned"): presigned,
}
"""By method and the beginning of a path below `…/mlflow-artifacts/`."""


def _target(call: Call, folder: str) -> str:
    """Where the file goes: the folder of the URL, and the file's name, of which clients send their own path."""
    name = call.text("path").replace("\\", "/").rpartition("/")[2]
    target = safe_path("/".join(part for part in (folder.strip("/"), name) if part))
    if not name:
        raise invalid(f"Invalid path: {call.find('path')!r} names no file")
    return target


def _part(given: object, index: int) -> tuple[int, str]:
    if not isinstance(given, dict) or not str(given.get("part_number", "")).isdecimal():
        raise invalid(f"Missing value for required parameter 'parts[{index}].part_number'.")
    return int(given["part_number"]), str(given.get("etag") or "").strip('"')


def _etag(parts: LooseFiles, path: str) -> str:
    file = parts.find(path)
    assert file is not None
    return _etag_of(file)


def _etag_of(file: File) -> str:
    return digest(f"{file.path} {file.holder.digest}".encode())[:32]
