"""A server's objects as a medium of bytes."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from tenfold.base.addresses import check_path
from tenfold.contracts import Medium
from tenfold.contracts.wire import OBJECTS_PREFIX
from tenfold.stores.http.link import Link

_listing = msgspec.msgpack.Decoder(list[tuple[str, int, int]])


class HttpMedium(Medium):
    """Objects behind a link. Every operation may be repeated, for objects never change."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def put(self, name: str, data: bytes) -> None:
        self.put_parts(name, [data])

    def put_parts(self, name: str, parts: list[bytes | memoryview]) -> None:
        self._link.request("PUT", _path(name), content=parts, repeatable=True)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        headers = {}
        if length == 0:
            length, keep = 1, 0  # a range cannot say "nothing", yet an absent object must be told
        else:
            keep = None
        if start or length is not None:
            headers["range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        return self._link.request("GET", _path(name), headers=headers, repeatable=True).content[:keep]

    def has(self, name: str) -> bool:
        return self._link.request("HEAD", _path(name), repeatable=True, accept=(404,)).status_code != 404

    def stamp(self, name: str) -> str:
        answer = self._link.request("HEAD", _path(name), repeatable=True, accept=(404,))
        return answer.headers.get("etag", "") if answer.status_code != 404 else ""

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        answer = self._link.request("GET", OBJECTS_PREFIX, params={"prefix": prefix}, repeatable=True)
        return _listing.decode(answer.content)

    def delete(self, name: str) -> None:
        self._link.request("DELETE", _path(name), repeatable=True)


def _path(name: str) -> str:
    return f"{OBJECTS_PREFIX}/{quote(check_path(name))}"
