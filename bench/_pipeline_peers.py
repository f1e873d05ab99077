"""The same chain and fan-out of steps that do nothing, in the engines of others: seconds of CPU of all their processes, a step.

Metaflow by its local runtime, two workers; Airflow by `dag.test()` on a fresh SQLite, its fastest way; KFP by its local runner,
without environments of its own. What each takes to start is in, as it is in ours; Airflow's making of its database is not.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

STEPS = 10
"""A second or more a step in Metaflow and KFP: so many are enough to know them. Airflow, which takes less, runs all."""

_FLOW = """
from metaflow import FlowSpec, step

class Flow(FlowSpec):
{body}

if __name__ == "__main__":
    Flow()
"""
_DAG = """
from airflow.sdk import dag, task

@task
def increment(n):
    return n + 1

@task
def total(ns):
    return sum(ns)

@dag(schedule=None)
def chained():
    n = increment(0)
    for _ in range({count} - 1):
        n = increment(n)

@dag(schedule=None)
def fanned():
    total(increment.expand(n=list(range({count}))))

chained()
fanned()
"""
_DAG_RUN = """
import sys, pendulum
from airflow.dag_processing.dagbag import DagBag
run = DagBag(sys.argv[1]).dags[sys.argv[2]].test(logical_date=pendulum.datetime(2026, 1, 1))
assert str(run.state) == "success", run.state
"""
_KFP = """
import sys
from kfp import dsl, local

@dsl.component
def increment(n: int) -> int:
    return n + 1

@dsl.pipeline
def chained() -> int:
    n = increment(n=0)
    for _ in range({count} - 1):
        n = increment(n=n.output)
    return n.output

@dsl.pipeline
def fanned():
    with dsl.ParallelFor(list(range({count}))) as n:
        increment(n=n)

local.init(local.SubprocessRunner(use_venv=False), pipeline_root="root")
globals()[sys.argv[1]]()
"""


def peers(shape: str, count: int) -> dict[str, tuple[float, int]]:
    """{peer: (seconds of CPU a step, steps it ran)} of those whose Python a variable names; shape is "chained" or "fanned"."""
    known: dict[str, Callable[[str, str, Path], tuple[float, int]]] = {
        "Metaflow": _metaflow,
        "Airflow": lambda python, shape, folder: _airflow(python, shape, folder, count),
        "KFP": _kubeflow,
    }
    found = {}
    for name, run in known.items():
        if python := os.environ.get(f"TENFOLD_BENCH_{name.upper()}"):
            with tempfile.TemporaryDirectory() as folder:
                found[name] = run(str(Path(python).absolute()), shape, Path(folder))
    return found


def spent(words: list[str], folder: Path, environ: dict[str, str]) -> float:
    """Seconds of CPU of a command with all it waits for. Raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words[:3]} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _metaflow(python: str, shape: str, folder: Path) -> tuple[float, int]:
    if shape == "chained":
        names = ["start", *(f"s{n}" for n in range(STEPS - 2)), "end"]
        pairs = zip(names, [*names[1:], ""], strict=True)
        body = "".join(
            f"    @step\n    def {name}(self):\n        self.n = 1\n{f'        self.next(self.{after})' if after else ''}\n" for name, after in pairs
        )  # fmt: skip
    else:
        body = (
            f"    @step\n    def start(self):\n        self.items = list(range({STEPS - 3}))\n        self.next(self.each, foreach='items')\n"
            "    @step\n    def each(self):\n        self.n = self.input + 1\n        self.next(self.join)\n"
            "    @step\n    def join(self, inputs):\n        self.n = sum(i.n for i in inputs)\n        self.next(self.end)\n"
            "    @step\n    def end(self):\n        pass\n"
        )
    (folder / "flow.py").write_text(_FLOW.format(body=body))
    environ = {"METAFLOW_HOME": str(folder), "USERNAME": "bench", "METAFLOW_USER": "bench"}
    return spent([python, "flow.py", "--quiet", "run", "--max-workers", "2"], folder, environ) / STEPS, STEPS


def _airflow(python: str, shape: str, folder: Path, count: int) -> tuple[float, int]:
    dags = folder / "dags"
    dags.mkdir()
    (dags / "flow.py").write_text(_DAG.format(count=count))
    environ = {
        "AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__DAGS_FOLDER": str(dags), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }  # fmt: skip
    spent([str(Path(python).with_name("airflow")), "db", "migrate"], folder, environ)
    return spent([python, "-c", _DAG_RUN, str(dags / "flow.py"), shape], folder, environ) / count, count


def _kubeflow(python: str, shape: str, folder: Path) -> tuple[float, int]:
    (folder / "flow.py").write_text(_KFP.format(count=STEPS))
    environ = {"PATH": f"{Path(python).parent}:{os.environ['PATH']}"}
    return spent([python, "flow.py", shape], folder, environ) / STEPS, STEPS
