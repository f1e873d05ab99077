"""One attempt on an engine's machine: `python -m tenfold.pipelines.executors.attempt JOB|--tied [--out FILE]`.

Engines only start this process, ask about it, and end it. It forks the process that runs the step and watches over it:
the timeout, a stop file beside the job, the task's token in the store. When any of these says so, or the engine sends
SIGTERM, it kills the step with everything it started, wherever that went. What came of it is written to a file, moved
into place whole. With --tied the job comes on stdin, and its end is told by the end of stdin: the process that started
it is gone, or wants it to end. With --message FILE the step prints where this process prints, and what came of it is
written there, in a form that fits into 4 KiB: Kubernetes keeps that with the pod.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import tempfile
import traceback
from pathlib import Path

import msgspec

from tenfold.base.errors import TenfoldError
from tenfold.pipelines.executors.entering import enter_environment
from tenfold.pipelines.executors.job import (
    DONE_FILE,
    LOG_FILE,
    MASTER_VARIABLE,
    RANK_VARIABLE,
    STARTED_FILE,
    Job,
    Outcome,
    decode_job,
    encode_outcome,
    of_rank,
)
from tenfold.pipelines.executors.message import write_message
from tenfold.pipelines.executors.shipping import unpacked
from tenfold.pipelines.executors.watch import PRINTED, TIE, Watch, attempt_done
from tenfold.pipelines.programs.beside import FOLDER_VARIABLE, say_over

_SIZE = struct.Struct("<Q")
LOG_LIMIT_BYTES = 4 << 20
"""Of a log that is carried back without a shared disk, the end is kept."""


def run_job(job: Job, *, tied: bool = False, prints: bool = False) -> Outcome:
    """Run an attempt to its end in a process of its own. Called once in a process, from its main thread.

    `tied`: it ends when stdin does. `prints`: what the step prints stays this process's own.
    """
    work = job.work
    if job.only_host and job.only_host != socket.gethostname():
        return Outcome(attempt_done(job, "failed", _one_machine(job)))
    shared = Path(job.place).is_dir()
    if shared and not _first(Path(job.place), job.rank):
        said = "The engine started this attempt a second time; the first was lost with its node"
        return Outcome(attempt_done(job, "lost", said))
    with tempfile.TemporaryDirectory(prefix="tenfold-", dir=os.environ.get(FOLDER_VARIABLE)) as folder:
        if FOLDER_VARIABLE in os.environ:  # who reads the step's files there may be another user
            Path(folder).chmod(0o755)
        log = work.log if job.master == "" else str(Path(job.place) / of_rank(LOG_FILE, job.rank))
        log = log if shared else str(Path(folder) / LOG_FILE)
        scratch = work.scratch if shared else str(Path(folder) / "scratch")
        scratch = f"{scratch}-{job.rank}" if job.rank else scratch
        work = msgspec.structs.replace(work, log=PRINTED if prints else log, scratch=scratch)
        done = Watch(unpacked(msgspec.structs.replace(job, work=work), Path(folder)), tied=tied).run()
        return Outcome(done, b"" if shared else _end_of(Path(log)))


def _first(place: Path, rank: int) -> bool:
    """True for the first process that asks; engines start lost jobs again by themselves, and attempts must not overlap."""
    try:
        os.close(os.open(place / of_rank(STARTED_FILE, rank), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    except FileExistsError:
        return False
    return True


def _one_machine(job: Job) -> str:
    return (
        f"The store is a folder of {job.only_host}, and this is {socket.gethostname()}: SQLite cannot be shared between "
        "machines. Use a PostgreSQL store with a bucket, or a server (tenfold up), and run again"
    )


def _end_of(log: Path) -> bytes:
    return log.read_bytes()[-LOG_LIMIT_BYTES:] if log.exists() else b""


def _ranked(job: Job) -> Job:
    """The job of this rank, where the engine starts all ranks with the same one."""
    rank, master = os.environ.get(RANK_VARIABLE), os.environ.get(MASTER_VARIABLE)
    return msgspec.structs.replace(job, rank=int(rank), master=master) if rank and master else job


def main(arguments: list[str]) -> int:
    """Exit code 0 when the attempt's outcome is written; with --message 1 when the step did not finish."""
    tied = "--tied" in arguments
    if arguments[0].startswith("--"):
        (size,) = _SIZE.unpack(_read_exactly(_SIZE.size))
        data = _read_exactly(size)
        if os.fork():  # engines that kill the children of their workers would leave the grandchildren
            return 0
        os.setsid()
    else:
        data = Path(arguments[0]).read_bytes()
    job = _ranked(decode_job(data))
    message = _option(arguments, "--message")
    out = _option(arguments, "--out") or Path(job.place) / of_rank(DONE_FILE, job.rank)
    try:
        if job.work.env is not None:
            enter_environment(job, arguments if arguments[0].startswith("--") else arguments[1:])
        outcome = run_job(job, tied=tied, prints=message is not None)
    except TenfoldError as error:
        outcome = Outcome(attempt_done(job, "failed", str(error)))
    except Exception:  # the edge: what breaks here is the attempt's error
        outcome = Outcome(attempt_done(job, "failed", f"The attempt broke: {traceback.format_exc()}"))
    if message is not None:
        say_over()
        write_message(message, outcome, job)
        return 0 if outcome.done.state in ("finished", "skipped") else 1
    beside = out.with_name(f"{out.name}.{os.getpid()}")
    with beside.open("wb") as writing:
        writing.write(encode_outcome(outcome))
        writing.flush()
        os.fsync(writing.fileno())
    beside.replace(out)
    return 0


def _option(arguments: list[str], name: str) -> Path | None:
    return Path(arguments[arguments.index(name) + 1]) if name in arguments else None


def _read_exactly(count: int) -> bytes:
    found = b""
    while len(found) < count:
        data = os.read(TIE, count - len(found))
        if not data:
            raise EOFError("the job ended in its middle")
        found += data
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
