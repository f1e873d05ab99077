"""The datums of incremental pipelines as the pages see them."""

from __future__ import annotations

import msgspec

from tenfold.server.wire.runs import RunLink


class DatumInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a datum reads of one input; the dataset's version that the run read has this number, or null when it is gone."""

    input: str
    dataset: str
    number: int | None
    path: str
    size_bytes: int
    key: str
    """Of a join or group; '' without."""


class DatumFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a datum gave."""

    path: str
    size_bytes: int


class DatumRow(msgspec.Struct, frozen=True, kw_only=True):
    """A datum: what became of it in this run, and what it read and gave (at most 50 of each)."""

    id: str
    became: str
    """failed, recovered, new, changed, again or skipped."""
    tries: int
    seconds: float
    at_ms: int
    run_id: str
    """The step's run that processed it, in this run of the pipeline or in one before."""
    error: str
    reads: list[DatumInput]
    reads_total: int
    gives: list[DatumFile]
    gives_total: int


class DatumRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an incremental pipeline as its datums know it; `number` names it."""

    number: int
    at_ms: int
    complete: bool
    """False when datums failed, or two gave the same path: the output stayed as it was."""
    counts: dict[str, int]
    """total, processed, skipped, failed, recovered, deleted."""


class DatumList(msgspec.Struct, frozen=True, kw_only=True):
    """Datums behind an output in one run, those that need attention first. `counts` are of all, by what became of them."""

    name: str
    number: int
    run: RunLink | None
    output: int | None
    """Number of the version of the output that holds what they gave; null when the run made none that is still there."""
    counts: dict[str, int]
    runs: list[DatumRun]
    """Newest first, at most 100."""
    items: list[DatumRow]
    total: int
    """Of those asked for."""
    next_offset: int | None
