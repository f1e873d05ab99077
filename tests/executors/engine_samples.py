"""Pipelines that every executor must run alike."""
# ruff: noqa: T201 - what steps print is what is tested

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tenfold.pipelines import Host, Opener, fixed, pipeline, step
from tenfold.testing.stores import sqlite_stores

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[1] == "child":
    subprocess.Popen([sys.executable, __file__, "grandchild", sys.argv[2]], start_new_session=True)
mark = sys.argv[2] + "/" + sys.argv[1]
open(mark + ".new", "w").write(sys.argv[3] if len(sys.argv) > 3 else str(os.getpid()))
os.rename(mark + ".new", mark)
while True:
    open(mark + ".beat", "w").write(str(time.time()))
    time.sleep(0.1)
"""
"""Ignores SIGTERM, leaves the session, and shows by a beating file that it is alive: pids mean nothing across containers."""


def open_stores(folder: str):
    """Opens the same stores in another process."""
    return sqlite_stores(Path(folder))


def host_at(folder: Path, **options) -> Host:
    """A host on an embedded store."""
    opener = Opener("engine_samples:open_stores", {"folder": str(folder)})
    return Host(sqlite_stores(folder), folder, opener=opener, workers=2, one_machine=True, **options)


@step
def add(x: int, y: int = 1) -> int:
    return x + y


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@step(outputs=("odd", "table"))
def many(seed: int):
    import pyarrow

    odd = {
        "none": None,
        "nothing": [],
        "text": "Grüße 🚀",
        "when": datetime(2026, 3, 29, 2, 30, tzinfo=UTC),
        "big": 2**70,
    }
    return odd, pyarrow.table({"a": [seed, None], "b": ["x", ""]})


@step
def described(odd, table) -> list[str]:
    return [*(f"{key}={value!r}" for key, value in sorted(odd.items())), repr(table.to_pydict())]


@pipeline
def values(start: int = 1):
    one = add(start)
    odd, table = many(one)
    return total(add.map([1, 2, 3], y=fixed(one))), described(odd, table)


@step
def fails(text: str) -> None:
    raise ValueError(f"no {text} here")


@pipeline
def failing(text: str = "luck"):
    return fails(text), add(1)


@step(retries=2, retry_delay_s=0.01)
def heals(folder: str) -> int:
    tries = Path(folder) / "tries"
    with tries.open("a") as file:
        file.write("x")
    if len(tries.read_text()) < 3:
        raise RuntimeError("not yet")
    return len(tries.read_text())


@pipeline
def healing(folder: str):
    return heals(folder)


def _start_stubborn(folder: str) -> None:
    script = Path(folder) / "stubborn.py"
    script.write_text(STUBBORN)
    subprocess.Popen([sys.executable, str(script), "child", folder])
    while not (Path(folder) / "grandchild").exists():
        time.sleep(0.01)


@step(timeout_s=4)
def hangs(folder: str) -> None:
    _start_stubborn(folder)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    time.sleep(600)


@pipeline
def hanging(folder: str):
    return hangs(folder)


@step
def hangs_on(folder: str) -> None:
    hangs.function(folder)


@pipeline
def hanging_on(folder: str):
    return hangs_on(folder)


@step
def leaves(folder: str) -> str:
    _start_stubborn(folder)
    return "left"


@pipeline
def leaving(folder: str):
    return leaves(folder)


@step(retries=1, retry_delay_s=0.01)
def dies_once(folder: str) -> str:
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.write_text("yes")
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


@step
def dies(folder: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pipeline
def dying(folder: str, tolerant: bool = True):
    return dies_once(folder) if tolerant else dies(folder)


@step
def speaks(note: str) -> None:
    print("hello from", note)
    print("and an error", file=sys.stderr)
    subprocess.run(["echo", "hello from a child"], check=True)


@pipeline
def speaking(note: str = "a step"):
    return speaks(note)


@step
def table_of(megabytes: int):
    import numpy
    import pyarrow

    rows = megabytes * 2**20 // 16
    return pyarrow.table({"a": numpy.arange(rows), "b": numpy.arange(rows) * 0.5})


@step
def summed(table) -> float:
    import pyarrow.compute

    return float(pyarrow.compute.sum(table["a"]).as_py() + pyarrow.compute.sum(table["b"]).as_py())


@pipeline
def large(megabytes: int = 64):
    return summed(table_of(megabytes))


@step(cache=False)
def counted(folder: str, name: str, seconds: float) -> str:
    with (Path(folder) / "lines").open("a") as file:
        file.write(f"start {name} {os.getpid()}\n")
    print("counting", name)
    time.sleep(seconds)
    with (Path(folder) / "lines").open("a") as file:
        file.write(f"end {name} {os.getpid()}\n")
    return name


@pipeline
def counting(folder: str, seconds: float):
    return counted(folder, "one", seconds)


@step(executor="inline")
def pid_here() -> int:
    return os.getpid()


@step
def pid_there() -> int:
    return os.getpid()


@pipeline
def mixed():
    return pid_here(), pid_there()


def all_reduced(number: int) -> int:
    """The sum of every rank's number, by way of rank 0."""
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    if rank:
        deadline = time.monotonic() + 60
        while True:
            try:
                with socket.create_connection(place, timeout=60) as link:
                    link.sendall(b"%d\n" % number)
                    return int(link.makefile().readline())
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    with socket.create_server(("", place[1])) as server:
        links = [server.accept()[0] for _ in range(size - 1)]
        number += sum(int(link.makefile().readline()) for link in links)
        for link in links:
            with link:
                link.sendall(b"%d\n" % number)
    return number


@step(nodes=2)
def reduces(numbers: list[int]) -> list[int]:
    rank = int(os.environ["RANK"])
    print("rank", rank, "takes", numbers[rank])
    return [all_reduced(numbers[rank]), rank, int(os.environ["LOCAL_RANK"]), int(os.environ["WORLD_SIZE"])]


@pipeline
def reducing(numbers: list[int]):
    return reduces(numbers)


@step(nodes=2)
def one_falls(folder: str) -> None:
    if os.environ["RANK"] == "0":
        hangs.function(folder)
    while not (Path(folder) / "grandchild").exists():
        time.sleep(0.05)
    raise ValueError("rank one gives up")


@pipeline
def falling(folder: str):
    return one_falls(folder)


@step(resources={"memory": "500MiB"})
def eats(megabytes: int) -> int:
    held = [b"x" * 2**20 for _ in range(megabytes)]
    return len(held)


@pipeline
def eating(megabytes: int = 2000):
    return eats(megabytes), add(1)


@step(env={"packages": ["iniconfig==2.0.0"]})
def with_packages(text: str) -> list[str]:
    import importlib.metadata

    import iniconfig

    return [importlib.metadata.version("iniconfig"), iniconfig.IniConfig("x.ini", text)["a"]["b"], sys.prefix]


@step(env={"packages": ["no-such-package-of-tenfold==9"]})
def with_nothing() -> None:
    return None


@pipeline
def packaged(text: str = "[a]\nb=c\n"):
    return with_packages(text)


@pipeline
def unpackaged():
    return with_nothing()


@step(secrets=["TEST_PASSWORD"])
def telling(where: str) -> int:
    import base64
    import json
    import shlex

    word = os.environ["TEST_PASSWORD"]
    print("raw", word, "quoted", shlex.quote(word), json.dumps(word), repr(word), word.encode().hex())
    print("encoded", base64.b64encode(f"user:{word}".encode()).decode(), file=sys.stderr)
    subprocess.run(["sh", "-c", 'echo "child $TEST_PASSWORD"'], check=True)
    if where == "raise":
        raise ValueError(f"cannot log in with {word}")
    return len(word)


@pipeline
def confiding(where: str = "print"):
    return telling(where)
