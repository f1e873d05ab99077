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
from tenfold.tracking.capture.terminal import show
from tenfold.tracking.outbox import Publish
from tenfold.tracking.secrets import masked

FILE, SENT = "console", "console-sent"
LARGEST_BYTES = 64 * 1024 * 1024
"""Of a process and run, as printed: about what a progress bar draws in 18 hours."""
FILE_NAME = "console.log"
_FULL = "\n[output beyond 64 MiB is not kept]\n"

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
    """Send what a console file has and was not sent, as a terminal shows it; True when there was something.

    While it goes on only rows that stay as they are get sent, so that the whole only grows. Text that goes up to rows
    sent before is made right at the end: the whole is sent once more, and stands for its parts.

    Args:
        everything: The end: also what could still have been drawn over.
    """
    start, above = _sent(folder)
    data = _read_from(folder, start)
    if data is None or not (data or (everything and above)):
        return False
    if everything and (above or show(_decoded(data)).reached_above):
        start, data = 0, _read_from(folder, 0) or b""
    text = _decoded(data)
    screen = show(text)
    rows, stop = screen.settled()
    size = len(data) if everything else len(text[:stop].encode("utf-8", "surrogateescape"))
    if not size:
        return False
    shown = screen.text() if everything else screen.text(rows)
    _send_piece(folder, run_id, send, shown, start, start + size)
    above = above or (screen.reached_above and start > 0)
    (folder / SENT).write_text(f"{start + size}{' above' if above and not everything else ''}", "ascii")
    return True


def _send_piece(folder: Path, run_id: str, send: Send, shown: str, start: int, end: int) -> None:
    text = masked(shown).encode("utf-8", "replace")
    inline = text if len(text) <= INLINE_LIMIT_BYTES else None
    piece = Draft(
        # by source and place in it, so that sending it again after a kill makes no second piece
        id=_piece_id(folder.name, run_id, start, end),
        kind="log",
        name=run_id,
        digest=digest(text) if inline is not None else "",
        size_bytes=len(text),
        inline=inline,
        type="text",
        metadata={"source": folder.name, "start": start, "end": end},
        created_at_ms=now_ms(),
    )
    send(Publish(piece), {} if inline is not None else {FILE_NAME: text})


def _read_from(folder: Path, start: int) -> bytes | None:
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return None


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _sent(folder: Path) -> tuple[int, bool]:
    """Up to where the file was sent, and whether what followed went up to rows sent before."""
    try:
        offset, _, above = (folder / SENT).read_text("ascii").partition(" ")
        return int(offset or 0), bool(above)
    except (FileNotFoundError, ValueError):
        return 0, False


def _piece_id(source: str, run_id: str, start: int, end: int) -> str:
    tail = int(digest(f"{source}:{start}:{end}".encode())[:20], 16)
    return ids.encode(ids.time_ms(run_id), tail)


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
