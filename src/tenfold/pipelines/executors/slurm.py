"""Slurm, by its command line alone: sbatch hands a job over, squeue is a hint, scancel ends it.

What came of a step is in the file its own process writes: without slurmdbd Slurm forgets jobs after minutes. Jobs are
never requeued: a second attempt is the scheduler's to start. The nodes see the store's folder on a shared disk.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from tenfold.base.errors import Invalid, Unavailable
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import JOB_FILE, MASTER_VARIABLE, RANK_VARIABLE, Job
from tenfold.pipelines.executors.remote import refused

_ENDED = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
    "REVOKED", "TIMEOUT",
}  # fmt: skip
COMMAND_TIMEOUT_S = 60.0


class SlurmOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of [executors.slurm]."""

    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    time: str = ""
    """Slurm's own limit, such as "2:00:00"; a step's timeout_s is kept in any case."""
    options: list[str] = []
    """More options of sbatch, each a word: ["--exclusive", "--mail-type=FAIL"]."""
    python: str = ""
    """The interpreter on the nodes; this one's path when empty."""
    setup: str = ""
    """Shell lines to run first, such as "module load cuda"."""
    jobs: int = 100
    """Jobs in Slurm's queue at once."""


class SlurmEngine(Engine):
    """Jobs of sbatch. A handle is a job's number."""

    Options = SlurmOptions
    many_nodes = True

    def __init__(self, options: SlurmOptions) -> None:
        if shutil.which("sbatch") is None:
            raise Invalid("There is no sbatch here. Run this on a machine that can submit to Slurm", field="executor")
        self.options, self.slots = options, options.jobs

    def start(self, job: Job, place: Path) -> str:
        words = ["--parsable", "--no-requeue", f"--job-name={job.work.step or job.name}", f"--comment={job.name}"]
        words += [f"--output={place}/engine.log", f"--chdir={job.setup.target.folder or place}", "--export=ALL"]
        given = {name: getattr(self.options, name) for name in ("partition", "account", "qos", "constraint", "time")}
        words += [f"--{name}={value}" for name, value in given.items() if value]
        words += [*resource_words(job), *self.options.options]
        python = shlex.quote(self.options.python or sys.executable)
        command = f"exec {python} -P -m tenfold.pipelines.executors.attempt {shlex.quote(str(place / JOB_FILE))}"
        if job.work.resources.nodes > 1:
            command = _on_each_node(command)
        script = "\n".join(["#!/bin/sh", self.options.setup, command, ""])
        done = _run(["sbatch", *words], script)
        if done.returncode and "contact slurm controller" in done.stderr:
            raise Unavailable(f"Slurm's controller does not answer: {done.stderr.strip()}. See: scontrol ping")
        if done.returncode:
            raise refused("Slurm", done.stderr)
        return done.stdout.strip().partition(";")[0]

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        """Jobs that squeue knows as ended, or knows no longer."""
        done = _run(["squeue", "--noheader", "--states=all", f"--user={os.getuid()}", "--format=%A|%T|%r"])
        if done.returncode:
            raise Unavailable(f"squeue: {done.stderr.strip()}. See whether Slurm is well with: sinfo")
        states = dict(line.strip().split("|", 1) for line in done.stdout.splitlines() if "|" in line)
        gone = {}
        for handle in places:
            state, _, reason = states.get(handle, "forgotten|").partition("|")
            if state in _ENDED or state == "forgotten":
                why = "" if reason in ("", "None") else f" ({reason})"
                gone[handle] = f"Slurm's job {handle} ended as {state}{why} and its process wrote no outcome"
        return gone

    def stop(self, handles: list[str]) -> None:
        _run(["scancel", "--full", *handles])


def _on_each_node(command: str) -> str:
    """A process a node; rank 0 is met where Slurm itself meets the first node, at a port that follows from the job's number."""
    lines = [
        'first="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"',
        """address="$(scontrol show node -o "$first" | sed -n 's/.* NodeAddr=\\([^ ]*\\).*/\\1/p')\"""",
        f'export {MASTER_VARIABLE}="${{address:-$first}}:$((20000 + SLURM_JOB_ID % 20000))"',
    ]
    inner = shlex.quote(f'{RANK_VARIABLE}="$SLURM_PROCID"; export {RANK_VARIABLE}; {command}')
    return "\n".join([*lines, f"exec srun --export=ALL --kill-on-bad-exit=0 sh -c {inner}"])


def resource_words(job: Job) -> list[str]:
    """A step's resources as options of sbatch; cores are whole, memory whole MiB."""
    asked = job.work.resources
    words = [f"--cpus-per-task={max(1, -int(-asked.cpu // 1))}"] if asked.cpu else []
    words += [f"--nodes={asked.nodes}", f"--ntasks={asked.nodes}", "--ntasks-per-node=1"] if asked.nodes > 1 else []
    words += [f"--mem={-(-asked.memory_bytes // 2**20)}M"] if asked.memory_bytes else []
    return words + ([f"--gres=gpu:{asked.gpu}"] if asked.gpu else [])


def _run(words: list[str], given: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words, input=given, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{words[0]} did not answer: {error}. See whether Slurm is well with: sinfo") from error
