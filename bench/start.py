"""How long it takes to begin: import, --help, the first page of `tenfold up`."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any

ROUNDS = 7


def cpu_s(*command: str) -> float:
    """Median CPU seconds (user + system) of a whole process."""
    took = []
    for _ in range(ROUNDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(took[1:])


def first_page_s() -> float:
    """Median wall seconds from starting `tenfold up` in an empty folder to having read its first page."""
    took = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            server = subprocess.Popen(
                [sys.executable, "-m", "tenfold", "--store", f"{folder}/.tenfold", "up", "--port", "0"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
            try:
                assert server.stdout is not None
                found = re.search(r"http://\S+", server.stdout.readline())
                if found is None:
                    raise RuntimeError("tenfold up did not say where it is")
                with urllib.request.urlopen(found[0].rstrip("/") + "/", timeout=20) as answer:
                    answer.read()
                took.append(time.perf_counter() - began)
            finally:
                server.terminate()
                server.wait(timeout=10)
    return statistics.median(took)


def lines() -> list[dict[str, Any]]:
    bare = cpu_s(sys.executable, "-c", "pass")
    ours = cpu_s(sys.executable, "-c", "import tenfold")
    help_ = cpu_s(sys.executable, "-m", "tenfold", "--help")
    rows: list[dict[str, Any]] = [
        {
            "job": "import tenfold",
            "value": ours / bare,
            "unit": "x bare",
            "budget": 5,
            "note": f"{ours:.3f} CPU s, bare {bare:.3f}",
        },
        {"job": "tenfold --help", "value": help_ / bare, "unit": "x bare", "budget": 10, "note": f"{help_:.3f} CPU s"},
        {"job": "tenfold up to first page", "value": first_page_s(), "unit": "s wall", "budget": 1.5},
    ]
    if importlib.util.find_spec("mlflow"):
        theirs = cpu_s(sys.executable, "-c", "import mlflow")
        rows.append({"job": "import mlflow / import tenfold", "value": theirs / ours, "unit": "x", "budget": 10,
                     "better": "higher", "note": f"mlflow {theirs:.2f} CPU s"})  # fmt: skip
    return rows
