"""An outcome as a pod's last message: 4 KiB at most, so a longer one lies in the store and the message names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from tenfold.contracts import Stores
from tenfold.pipelines.executors.job import Job, Outcome, decode_outcome, encode_outcome
from tenfold.pipelines.executors.worker import opened_by

LIMIT_BYTES = 4000
"""Kubernetes keeps 4096 bytes of a container's termination message."""


class Stored(msgspec.Struct, frozen=True):
    """Names an outcome that lies in the store."""

    stored: str


def write_message(path: Path, outcome: Outcome, job: Job) -> None:
    """Write what came of an attempt; where the store cannot take a long one, what of it fits."""
    short = msgspec.structs.replace(outcome, log=b"")  # it was printed
    data = encode_outcome(short)
    if len(data) > LIMIT_BYTES:
        try:
            data = msgspec.json.encode(Stored(opened_by(job.setup)().blobs.put_bytes(data)))
        except Exception as error:  # the edge: the outcome must be told in any case
            said = f"What came of it could not be kept: {error}. {short.done.error}"[:2000]
            done = msgspec.structs.replace(short.done, state="failed", outputs=[], error=said)
            data = encode_outcome(Outcome(done))
    path.write_bytes(data)


def read_message(text: str, stores: Callable[[], Stores]) -> Outcome | None:
    """The outcome that a message tells; None when it tells none: the process ended without a word."""
    try:
        return decode_outcome(text.encode())
    except msgspec.DecodeError:
        pass
    try:
        stored = msgspec.json.decode(text.encode(), type=Stored)
    except msgspec.DecodeError:
        return None
    return decode_outcome(stores().blobs.get_bytes(stored.stored))
