"""Pipelines whose steps other processes can import, for the tests of warm workers."""
# ruff: noqa: T201 - what steps print is what is tested

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tenfold.pipelines import Host, Opener, fixed, pipeline, step
from tenfold.stores.blobs import open_blobs
from tenfold.stores.sql import open_sql
from tenfold.testing.stores import bundle, sqlite_stores

CHILD = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[1] == "child":
    subprocess.Popen([sys.executable, __file__, "grandchild", sys.argv[2]], start_new_session=True)
open(sys.argv[2] + "/" + sys.argv[1], "w").write(str(__import__("os").getpid()))
time.sleep(600)
"""


def open_stores(folder: str, url: str = ""):
    """Opens the same stores in a worker process: in a folder, or on PostgreSQL with their bytes in it."""
    if not url:
        return sqlite_stores(Path(folder))
    return bundle(open_sql(url), open_blobs(Path(folder) / "objects", Path(folder) / "cache"))


@contextmanager
def noted_context(run_id: str):
    """A host's context that says in which run it was entered."""
    print("inside", run_id, flush=True)
    yield


def host_at(folder: Path, url: str = "", **options) -> Host:
    """A host on an embedded store, or on PostgreSQL, whose steps run in warm processes."""
    opener = Opener("pipeline_samples:open_stores", {"folder": str(folder), "url": url})
    return Host(open_stores(str(folder), url), folder, opener=opener, workers=2, **options)


@step
def add(x: int, y: int = 1) -> int:
    return x + y


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def chain(start: int = 0, length: int = 4):
    value = add(start)
    for _ in range(length - 1):
        value = add(value)
    return value


@pipeline
def fan(count: int = 5):
    return total(add.map(list(range(count)), y=10))


@step(outputs=("pid", "table"))
def who(note: str):
    import pandas

    print("hello from", note)
    print("and an error", file=sys.stderr)
    subprocess.run(["echo", "hello from a child"], check=True)
    return os.getpid(), pandas.DataFrame({"a": [1.5, None], "b": ["x", "y"]})


@step
def columns(table) -> list[str]:
    return list(table.columns)


@pipeline
def speaking(note: str = "me"):
    pid, table = who(note)
    return pid, columns(table)


@step
def die_once(folder: str) -> str:
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.write_text("yes")
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


@step(retries=1, retry_delay_s=0.01)
def dies_once(folder: str) -> str:
    return die_once.function(folder)


@pipeline
def dying(folder: str, tolerant: bool = False):
    return (dies_once if tolerant else die_once)(folder), add(1)


@step(timeout_s=1.5)
def hang(folder: str) -> None:
    script = Path(folder) / "child.py"
    script.write_text(CHILD)
    subprocess.Popen([sys.executable, str(script), "child", folder])
    time.sleep(600)


@pipeline
def hanging(folder: str):
    return hang(folder)


@step
def long_hang(folder: str) -> None:
    hang.function(folder)


@pipeline
def long_hanging(folder: str):
    return long_hang(folder)


@step(cache=False)
def note_line(folder: str, name: str, seconds: float = 0.0) -> str:
    """Leaves one line a start and one an end, so that a test can count how often it ran."""
    with (Path(folder) / "lines").open("a") as file:
        file.write(f"start {name}\n")
    time.sleep(seconds)
    with (Path(folder) / "lines").open("a") as file:
        file.write(f"end {name}\n")
    return name


@step(cache=False)
def joined(names: list[str]) -> str:
    return ",".join(names)


@pipeline
def counted(folder: str, count: int = 8, seconds: float = 0.0):
    first = note_line(folder, "first", seconds)
    others = note_line.map(fixed(folder), [f"item-{i}" for i in range(count)], seconds)
    return joined([first, joined(others)])


@step
def fail_at(x: int, folder: str) -> int:
    if x == 3 and not (Path(folder) / "healed").exists():
        raise ValueError("three is not taken")
    with (Path(folder) / "lines").open("a") as file:
        file.write(f"{x}\n")
    return x


@pipeline
def healing(folder: str):
    return total(fail_at.map([1, 2, 3, 4], folder))


@step(secrets=["DB_PASSWORD"])
def tells() -> int:
    import base64
    import json
    import urllib.parse

    value = os.environ["DB_PASSWORD"]
    from tenfold.pipelines.secrets.keeping import secret_here

    assert secret_here("DB_PASSWORD", lambda: None) == value
    print(value)
    print(repr(value), [value], {"k": value}, json.dumps(value), json.dumps([json.dumps(value)]))
    print(urllib.parse.quote(value), urllib.parse.quote_plus(value), value.encode())
    for offset in range(3):
        print(base64.b64encode(b"x" * offset + value.encode() + b"yy").decode())
    for piece in (value[:5], value[5:]):
        print(piece, end="", flush=True)
        time.sleep(0.02)
    print(value, file=sys.stderr)
    subprocess.run(["sh", "-c", 'echo "child: $DB_PASSWORD"; printf "%s" "$DB_PASSWORD" | base64'], check=True)
    print("the end", end="")
    return len(value)


@step(secrets=["DB_PASSWORD"], cache=False)
def breaks() -> None:
    raise ValueError(f"cannot log in with {os.environ['DB_PASSWORD']!r}")


@step(secrets=["DB_PASSWORD"], cache=False)
def gives() -> dict:
    return {"password": os.environ["DB_PASSWORD"]}


@step(cache=False)
def asks() -> str:
    from tenfold.pipelines.secrets.keeping import secret_here

    return secret_here("DB_PASSWORD", lambda: None)


@pipeline
def telling():
    return tells(), breaks(), gives(), asks()
