"""An incremental pipeline as plain data: what it reads, what it gives, and how its datums are run."""

from __future__ import annotations

import msgspec

from tenfold.pipelines.datums.combining import Datum
from tenfold.pipelines.datums.inputs import Input
from tenfold.pipelines.datums.program import Program


class Definition(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How an incremental pipeline is kept in its runs and schedules; it runs anywhere when it has a program."""

    name: str
    into: str
    """Name of the dataset that takes the output."""
    branch: str = "main"
    input: Input
    salt: str = ""
    """Part of each datum's hash: another one runs all of them again."""
    program: Program | None = None
    """None: a Python function, found by the step's module and name."""
    retries: int = 0
    retry_delay_s: float = 0.0
    timeout_s: float | None = None
    """Of one try of one datum."""
    job_timeout_s: float | None = None
    """Of the whole run; datums that have not begun by then fail."""
    every_job: bool = False
    """Run all datums each time."""
    batch: int | None = None
    """Datums a worker takes at once; None: by their number and bytes."""
    egress: str = ""
    """Folder or bucket that takes a copy of each new output."""
    secrets: list[str] = []
    """Names of those its step is given."""
    resources: dict[str, float | str] = {}
    """What a batch asks of an engine."""


class Source(msgspec.Struct, frozen=True):
    """The version that one of the input's files are of in this run."""

    address: str
    version_id: str
    tree: str
    is_reference: bool = False
    """Its files lie in a bucket, and are read there."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Work for one worker."""

    definition: Definition
    sources: list[Source]
    datums: list[Datum]
    names: dict[str, str] = {}
    """Environment variables that say what the run is."""
    deadline_ms: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What matching found, for the merge."""

    definition: Definition
    base: str | None
    """Version of kind datums that this run goes on from."""
    head: str | None
    """Output version that this run's output replaces."""
    gone: list[str]
    """Ids of datums that are no more."""
    total: int
    todo: int
    sources: list[Source] = []


def encode(value: Batch | Plan) -> bytes:
    return msgspec.msgpack.encode(value)


def decode_batch(data: bytes) -> Batch:
    return msgspec.msgpack.decode(data, type=Batch)


def decode_plan(data: bytes) -> Plan:
    return msgspec.msgpack.decode(data, type=Plan)
