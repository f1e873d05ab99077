"""Console output: what the process prints goes on to where it went, and also into a file of each run that listens.

The file lies in the run's journal folder and is written with every print, so a kill loses nothing of it. It is sent in
pieces: each is a version of the artifact `log:<run id>`, read back in order by `tracking.console_text`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.hashing import digest
from tenfold.records import Draft
from tenfold.records.version import INLINE_LIMIT_BYTES
from tenfold.tracking.outbox import Publish
from tenfold.tracking.secrets import masked

FILE, SENT = "console", "console-sent"
LARGEST_BYTES = 16 * 1024 * 1024
FILE_NAME = "console.log"
_FULL = "\n[output beyond 16 MiB is not kept]\n"

Send = Callable[[Publish, dict[str, Path | bytes]], Any]


class ConsoleFile:
    """The console output of one run in one process."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = 0

    def write(self, text: str) -> None:
        """Add text; what is beyond the limit, or fails, is dropped."""
        if self._size > LARGEST_BYTES:
            return
        data = text.encode("utf-8", "replace")
        self._size += len(data)
        if self._size > LARGEST_BYTES:
            data = _FULL.encode()
        try:
            os.write(self._fd, data)
        except OSError:
            self._size = LARGEST_BYTES + 1

    def close(self) -> None:
        os.close(self._fd)


def send_new(folder: Path, run_id: str, send: Send, *, everything: bool) -> bool:
    """Send what a console file has and was not sent; True when there was something.

    Args:
        everything: Also a last line that has not ended yet.
    """
    try:
        start = _sent(folder)
        with (folder / FILE).open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return False
    if not everything:
        data = data[: data.rfind(b"\n") + 1]
    if not data:
        return False
    text = masked(_last_states(data.decode("utf-8", "replace"))).encode()
    inline = text if len(text) <= INLINE_LIMIT_BYTES else None
    piece = Draft(
        # by source and place in it, so that sending it again after a kill makes no second piece
        id=_piece_id(folder.name, run_id, start, start + len(data)),
        kind="log",
        name=run_id,
        digest=digest(text) if inline is not None else "",
        size_bytes=len(text),
        inline=inline,
        type="text",
        metadata={"source": folder.name, "start": start, "end": start + len(data)},
        created_at_ms=now_ms(),
    )
    send(Publish(piece), {} if inline is not None else {FILE_NAME: text})
    (folder / SENT).write_text(str(start + len(data)), "ascii")
    return True


def _sent(folder: Path) -> int:
    try:
        return int((folder / SENT).read_text("ascii") or 0)
    except (FileNotFoundError, ValueError):
        return 0


def _piece_id(source: str, run_id: str, start: int, end: int) -> str:
    tail = int(digest(f"{source}:{start}:{end}".encode())[:20], 16)
    return ids.encode(ids.time_ms(run_id), tail)


def _last_states(text: str) -> str:
    """Lines as a terminal shows them in the end: a progress bar drawn over itself is kept once."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


class _Tee:
    """Stands for stdout or stderr while runs listen."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        written = self.stream.write(text)
        for file in _listening:
            file.write(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __iter__(self) -> Any:
        return iter(self.stream)


_listening: tuple[ConsoleFile, ...] = ()
_lock = threading.Lock()


def listen(file: ConsoleFile) -> None:
    """From now on what is printed goes into the file too."""
    global _listening
    with _lock:
        _listening = (*_listening, file)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, _Tee):
                setattr(sys, name, _Tee(stream))


def leave(file: ConsoleFile) -> None:
    """Stop writing into the file; when nobody listens the streams are put back."""
    global _listening
    with _lock:
        _listening = tuple(each for each in _listening if each is not file)
        if not _listening:
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if isinstance(stream, _Tee):
                    setattr(sys, name, stream.stream)
    file.close()
