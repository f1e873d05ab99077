"""`ingest` a table from where it lies, and `split` its rows by a hash, so that each row stays on its side for good."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.base.hashing import hasher
from tenfold.base.ids import new_id
from tenfold.components.frames import as_polars
from tenfold.components.within import within_run
from tenfold.pipelines import step
from tenfold.pipelines.authoring.building import Open, building
from tenfold.pipelines.authoring.steps import Step
from tenfold.workspace import current

TABLES = (".parquet", ".pq", ".csv", ".csv.gz", ".tsv", ".arrow", ".feather", ".ipc", ".ndjson", ".jsonl")


class _Reading(Step[..., Any]):
    """A step whose source lies outside: what it holds when the pipeline is started counts for the cache."""

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        arguments = super().bind(args, kwargs)
        if building() is not None and not arguments["content"]:
            from tenfold.pipelines.authoring.addresses import fix_addresses

            if _is_address(arguments["source"]):
                arguments["source"] = fix_addresses(current().stores, arguments["source"])
            arguments["content"] = _content(arguments["source"], arguments["query"])
        return arguments


@_Reading
def ingest(source: Any, query: str = "", columns: Sequence[str] | None = None, content: str = "") -> Any:
    """A table from outside, as a Polars frame.

    Args:
        source: A file, a folder or a glob of CSV, Parquet, Arrow or JSON-lines files; a dataset (`data:trips@main`,
            `data:trips@main/2013.parquet`); or with `query` a database's URL as SQLAlchemy takes it, or `env:NAME` for
            the variable that holds it, which keeps a password out of the record.
        columns: Only these.
        content: What the source holds. Found by itself when a pipeline starts: files by their bytes, a dataset by its
            version; a database is asked every time, and the steps after it are cached if the answer is the same.

    Raises:
        Invalid: Nothing is there, or it is no table.
    """
    polars = require("polars", extra="tables", why="read tables")
    if query:
        return _ask(polars, str(source), query)
    if _is_address(source):
        return _of_dataset(str(source), columns)
    if not isinstance(source, (str, Path)):
        frame = as_polars(source)
    else:
        frames = [as_polars(path) for path in _files(source)]
        frame = polars.concat(frames, how="vertical_relaxed") if len(frames) > 1 else frames[0]
    return frame.select(columns) if columns else frame


@step(outputs=("train", "eval", "test"))
def split(
    table: Any, train: int = 2, eval: int = 1, test: int = 0, by: str | Sequence[str] | None = None
) -> tuple[Any, Any, Any]:
    """Rows divided by hash buckets: a row, or all rows of one key, falls on the same side in every run and version.

    Args:
        train: Buckets of the training rows, out of train + eval + test; likewise the others.
        by: Columns whose values keep together, like a customer's id; equal rows when not given.
    """
    polars = require("polars", extra="tables", why="split a table")
    frame = as_polars(table)
    shares = (train, eval, test)
    if min(shares) < 0 or sum(shares) < 1:
        raise Invalid(f"split takes numbers of buckets, not {shares}. Give whole numbers from 0 on", field="train")
    names = [by] if isinstance(by, str) else list(by or frame.columns)
    if missing := [name for name in names if name not in frame.columns]:
        raise Invalid(f"The table has no column {missing[0]!r}. It has: {', '.join(frame.columns)}", field="by")
    texts = [polars.col(name).cast(polars.String).fill_null("\x00") for name in names]
    keys = frame.select(polars.concat_str(texts, separator="\x1f").alias("key"))["key"]
    buckets = polars.Series([_bucket(key, sum(shares)) for key in keys], dtype=polars.Int64)
    ends = (train, train + eval)
    return (
        frame.filter(buckets < ends[0]),
        frame.filter((buckets >= ends[0]) & (buckets < ends[1])),
        frame.filter(buckets >= ends[1]),
    )


def _bucket(key: str, buckets: int) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little") % buckets


def _is_address(source: Any) -> bool:
    return isinstance(source, str) and source.startswith("data:")


def _files(source: str | Path) -> list[Path]:
    """The table files a path names, sorted. Raises Invalid when there are none."""
    path = Path(source)
    if path.is_dir():
        found = sorted(one for one in path.rglob("*") if one.name.lower().endswith(TABLES))
    elif path.exists():
        found = [path]
    else:
        found = [Path(name) for name in sorted(glob.glob(str(source), recursive=True))]  # noqa: PTH207 - also of absolute ones
    if not found:
        raise Invalid(
            f"There is no table at {source}. Give a file, a folder or a glob of {', '.join(TABLES)}", field="source"
        )
    return found


def _content(source: Any, query: str) -> str:
    """What stands for a source's content in the cache key; '' when its value is its content."""
    if query or isinstance(source, Open):
        return new_id()
    if not isinstance(source, (str, Path)) or _is_address(source):
        return ""
    found = hasher()
    for path in _files(source):
        found.update(f"{path.name}\x00{path.stat().st_size}\x00".encode())
        with path.open("rb") as file:
            while data := file.read(1 << 20):
                found.update(data)
    return found.hexdigest()[:32]


def _of_dataset(address: str, columns: Sequence[str] | None) -> Any:
    from tenfold.base.addresses import parse

    path = parse(address).path
    with within_run("ingest") as run:
        used = run.use(address, role="data")
    return used.table(paths=[path] if path else None, columns=list(columns) if columns else None)


def _ask(polars: Any, url: str, query: str) -> Any:
    import sqlalchemy

    if url.startswith("env:"):
        name = url.removeprefix("env:")
        if name not in os.environ:
            raise Invalid(f"The variable {name} is not set. It is to hold the database's URL", field="source")
        url = os.environ[name]
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            return polars.read_database(query, connection, infer_schema_length=None)
    finally:
        engine.dispose()
