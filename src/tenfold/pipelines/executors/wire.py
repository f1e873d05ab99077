"""Messages between the scheduler, the fork server and its workers: a length, then msgpack."""

from __future__ import annotations

import socket
import struct
from typing import TypeVar

import msgspec

from tenfold.pipelines.host import Opener
from tenfold.pipelines.work import Target

T = TypeVar("T")
_LENGTH = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()


class Setup(msgspec.Struct, frozen=True):
    """First message to the fork server: what to import and how to open the stores."""

    target: Target
    opener: Opener | None
    context: str | None
    modules: list[str]
    """Modules with steps, besides the target."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The fork server has imported everything, or could not: then `error` says why."""

    error: str = ""


class Spawn(msgspec.Struct, frozen=True, tag="spawn"):
    """Fork a worker; its socket comes with the message."""

    worker: int


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    """Kill a worker and everything it started."""

    worker: int


class Dead(msgspec.Struct, frozen=True, tag="dead"):
    """A worker and everything it started is gone; `status` as os.waitstatus_to_exitcode gives it."""

    worker: int
    status: int


def frame(message: object) -> bytes:
    """A message as it goes over the socket."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


class Reader:
    """Cuts a stream into messages."""

    def __init__(self, source: socket.socket) -> None:
        self._source, self._buffer = source, bytearray()
        self.ended = False

    def read_available(self) -> list[bytes]:
        """Whole messages after one `recv`, which blocks until there is something; sets `ended` at the end."""
        try:
            data = self._source.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            self.ended = True
            return []
        self._buffer += data
        return self.cut()

    def feed(self, data: bytes) -> None:
        """Add bytes received some other way."""
        self._buffer += data

    def cut(self) -> list[bytes]:
        """Whole messages in what was received."""
        found = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            found.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return found

    def read_one(self) -> bytes | None:
        """The next message, waited for; None at the end."""
        while True:
            found = self.cut_one()
            if found is not None:
                return found
            try:
                data = self._source.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            if not data:
                self.ended = True
                return None
            self._buffer += data

    def cut_one(self) -> bytes | None:
        """The first whole message in what was received, or None."""
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return message
