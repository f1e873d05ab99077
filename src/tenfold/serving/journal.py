"""The journal of a deployment: predictions (or outcomes) appended to a local file before the client has its answer.

A file is one `header` frame, then `schema` and `block` frames; a frame is a length, a CRC-32 and a MessagePack value.
What `append` returned from survives a SIGKILL of the server. A torn frame at the end is what was never answered.
The writer holds the file's lock (flock), so that a file nobody holds is what a dead server left.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from tenfold.base import files, ids
from tenfold.records import Column, Signature

Array = npt.NDArray[Any]

SUFFIX = ".journal"
_FRAME = struct.Struct("<II")
_NUMBERS = {"bool": "?", "int": "<i8", "float": "<f8"}
_encoder = msgspec.msgpack.Encoder()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Whose journal this is. `draft_id` is the id of the version it becomes, so publishing twice is publishing once."""

    kind: Literal["predictions", "outcomes"]
    deployment: str
    project: str
    run_id: str
    draft_id: str
    written_by: int = 1


class Schema(msgspec.Struct, frozen=True):
    """The columns of the blocks of one model version, inputs then outputs, flattened to plain columns."""

    version_id: str
    number: int
    inputs: list[Column]
    outputs: list[Column]

    @property
    def columns(self) -> list[Column]:
        return self.inputs + self.outputs


class Block(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one micro-batch. Ids count up from `first_id`; `offsets` are those of the sampled rows, None for all."""

    schema: int
    at_ms: int
    first_id: str
    rows: int
    offsets: list[int] | None
    shadow: bool
    numbers: bytes
    """One packed record a row: the bool, int and float columns in their order."""
    texts: list[list[str | None]]


class Outcomes(msgspec.Struct, frozen=True, array_like=True):
    """True outcomes as they came in: equally long columns."""

    at_ms: int
    prediction_ids: list[str]
    values: list[float | int | bool | str | None]


class _Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    header: Header | None = None
    schema: Schema | None = None
    block: Block | None = None
    outcomes: Outcomes | None = None


_decoder = msgspec.msgpack.Decoder(_Frame)


class Journal:
    """One open journal file. Appending is safe from several threads."""

    def __init__(self, folder: Path, header: Header) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.header = header
        self.path = folder / f"{header.kind}-{header.draft_id}{SUFFIX}"
        self.rows = 0
        self._lock = threading.Lock()
        self._schemas: dict[str, tuple[int, np.dtype[Any]]] = {}
        beside = self.path.with_suffix(".tmp")
        self._fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self._size = 0
        self._write([_Frame(header=header)])
        beside.rename(self.path)  # never seen without its lock

    def append(
        self,
        schema: Schema,
        columns: list[Array],
        *,
        at_ms: int,
        first_id: str,
        offsets: list[int] | None = None,
        shadow: bool = False,
    ) -> None:
        """Write rows; on return they survive a SIGKILL. `columns` are equally long, in the order of the schema.

        Raises:
            StoreFull: No room; what was written before is intact.
        """
        with self._lock:
            frames = []
            known = self._schemas.get(schema.version_id)
            if known is None:
                known = self._schemas[schema.version_id] = (len(self._schemas), packed(schema.columns))
                frames.append(_Frame(schema=schema))
            index, dtype = known
            rows = len(columns[0])
            record = np.empty(rows, dtype=dtype)
            texts = []
            for at, (column, values) in enumerate(zip(schema.columns, columns, strict=True)):
                if column.type == "string":
                    texts.append(values.tolist())
                else:
                    record[f"c{at}"] = values
            block = Block(index, at_ms, first_id, rows, offsets, shadow, record.tobytes(), texts)
            self._write([*frames, _Frame(block=block)])
            self.rows += rows

    def append_outcomes(self, outcomes: Outcomes) -> None:
        """Write outcomes; on return they survive a SIGKILL. Raises StoreFull."""
        with self._lock:
            self._write([_Frame(outcomes=outcomes)])
            self.rows += len(outcomes.prediction_ids)

    def close(self) -> None:
        """Give up the lock. Appending afterwards is an error."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _write(self, frames: list[_Frame]) -> None:
        data = b"".join(
            part for body in map(_encoder.encode, frames) for part in (_FRAME.pack(len(body), zlib.crc32(body)), body)
        )
        try:
            written = 0
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
            self._size += len(data)
        except OSError as error:
            os.ftruncate(self._fd, self._size)  # half a frame would hide those that follow
            files.raise_if_full(error, self.path)
            raise


def packed(columns: list[Column]) -> np.dtype[Any]:
    """The packed record of the number columns: field `c<place>`."""
    return np.dtype([(f"c{at}", _NUMBERS[c.type]) for at, c in enumerate(columns) if c.type != "string"])


def schema_of(version_id: str, number: int, signature: Signature) -> Schema:
    """The flattened columns of a model: probabilities become one column a class, or one in all for two classes.

    Inputs that are an array a row, as images, are not logged, nor answers of more than one dimension: they would make
    thousands of columns.
    """
    outputs: list[Column] = []
    for column in signature.outputs:
        if len(column.shape) > 1:
            continue
        width = column.shape[0] if column.shape else 0
        if not width:
            outputs.append(column)
        elif width == 2 and column.name.endswith("probability"):
            outputs.append(Column(column.name, "float"))  # of the second class, as everywhere
        else:
            labels = signature.classes if signature.classes and len(signature.classes) == width else range(width)
            outputs += [Column(f"{column.name}_{label}", "float") for label in labels]
    return Schema(version_id, number, [column for column in signature.inputs if not column.shape], outputs)


def read(path: Path) -> tuple[Header | None, list[Schema], list[Block], list[Outcomes]]:
    """Everything whole in a journal, also while it is being written. A torn or damaged frame ends it."""
    header: Header | None = None
    schemas: list[Schema] = []
    blocks: list[Block] = []
    outcomes: list[Outcomes] = []
    for frame in _frames(path.read_bytes()):
        if frame.header is not None:
            header = frame.header
        elif frame.schema is not None:
            schemas.append(frame.schema)
        elif frame.block is not None:
            blocks.append(frame.block)
        elif frame.outcomes is not None:
            outcomes.append(frame.outcomes)
    return header, schemas, blocks, outcomes


def block_ids(block: Block) -> list[str]:
    """The prediction ids of a block's rows."""
    if block.offsets is None:
        return ids.consecutive(block.first_id, block.rows)
    every = ids.consecutive(block.first_id, (block.offsets[-1] + 1) if block.offsets else 0)
    return [every[offset] for offset in block.offsets]


def orphans(folder: Path) -> Iterator[tuple[Path, int]]:
    """Journals below a folder that no living process holds, each with a descriptor that holds its lock now."""
    for path in sorted(folder.glob(f"*/*{SUFFIX}")):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            continue
        if not path.exists():  # another server published it meanwhile
            os.close(fd)
            continue
        yield path, fd


def _frames(data: bytes) -> Iterator[_Frame]:
    at = 0
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        body = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(body) < length or zlib.crc32(body) != checksum:
            return
        yield _decoder.decode(body)
        at += _FRAME.size + length
