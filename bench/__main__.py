"""Print the table of budgets. Names of modules limit it; --json prints JSON; exit code 3 when a budget is missed."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psutil

_PREFIX = "tenfold-bench-"


def main(arguments: list[str]) -> int:
    here = Path(__file__).parent
    wanted = [name for name in arguments if not name.startswith("-")]
    names = wanted or sorted(path.stem for path in here.glob("*.py") if not path.stem.startswith("_"))
    rows: list[dict[str, Any]] = []
    try:
        with _own_folder():
            for name in names:
                began = time.perf_counter()
                for line in importlib.import_module(f"bench.{name}").lines():
                    rows.append({"bench": name, **line})
                print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    finally:  # also of a bench that is stopped: what was measured until then
        if "--json" in arguments:
            print(json.dumps(rows, indent=2))
        else:
            show(rows)
    return 3 if any(verdict(row) == "MISSED" for row in rows) else 0


@contextmanager
def _own_folder() -> Iterator[None]:
    """Temporary files go into one folder of this process, which goes when it ends, also by SIGTERM.

    What a bench left that was killed outright goes when the next begins.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX)
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    signal.signal(signal.SIGTERM, _stopped)
    folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


def _stopped(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def verdict(row: dict[str, Any]) -> str:
    budget = row.get("budget")
    if budget is None:
        return ""
    within = row["value"] >= budget if row.get("better") == "higher" else row["value"] <= budget
    return "within" if within else "MISSED"


def show(rows: list[dict[str, Any]]) -> None:
    cells = [("job", "measured", "budget", "", "note")]
    for row in rows:
        sign = "≥" if row.get("better") == "higher" else "≤"
        budget = "" if row.get("budget") is None else f"{sign} {row['budget']:g}"
        cells.append((row["job"], f"{row['value']:,.4g} {row['unit']}", budget, verdict(row), row.get("note") or ""))
    widths = [max(len(cell[i]) for cell in cells) for i in range(5)]
    for cell in cells:
        print("  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
