"""What an engine carries: one attempt's work with all that a process elsewhere needs to do it, and what came of it."""

from __future__ import annotations

import msgspec

from tenfold.pipelines.executors.wire import Setup
from tenfold.pipelines.work import Done, Work

JOB_FILE = "job.json"
DONE_FILE = "done.json"
STOP_FILE = "stop"
STARTED_FILE = "started"
LOG_FILE = "log.txt"
"""What one rank prints; the attempt's log has the lines of all."""
RANK_VARIABLE, MASTER_VARIABLE = "TENFOLD_RANK", "TENFOLD_MASTER"
"""How an engine that starts all ranks alike tells each who it is."""


class Job(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One attempt as it is handed to an engine."""

    setup: Setup
    work: Work
    place: str
    """Folder of this attempt. A node that sees it shares a disk with the scheduler, and uses the files in it."""
    only_host: str = ""
    """The one machine whose processes may open the stores; '': any."""
    environ: dict[str, str] = {}
    """Variables for the step, where the engine does not carry them by itself."""
    unattended_s: float = 60.0
    """An attempt whose scheduler let its lease lie for so long ends by itself: nobody will take what it gives."""
    rank: int = 0
    """Which of the processes of a step on several nodes this is."""
    master: str = ""
    """host:port where rank 0 is met, when there are several."""
    code: bytes = b""
    """The project's sources, where the nodes do not see them; see `shipping`."""

    @property
    def name(self) -> str:
        """Names this attempt among all jobs of an engine: lower case letters, digits and hyphens."""
        return job_name(self.work)


def job_name(work: Work) -> str:
    """See `Job.name`."""
    return f"tenfold-{work.task_id.lower()}-{work.token}"


def of_rank(name: str, rank: int) -> str:
    """The name of a file in the place for one rank; rank 0 has the plain one.

    >>> of_rank("done.json", 0), of_rank("done.json", 3)
    ('done.json', 'done-3.json')
    """
    stem, dot, ending = name.partition(".")
    return f"{stem}-{rank}{dot}{ending}" if rank else name


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a process elsewhere gives back: how the attempt ended, and what it printed, when no shared disk took that."""

    done: Done
    log: bytes = b""


def encode_job(job: Job) -> bytes:
    """JSON."""
    return msgspec.json.encode(job)


def decode_job(data: bytes) -> Job:
    return msgspec.json.decode(data, type=Job)


def encode_outcome(outcome: Outcome) -> bytes:
    """JSON."""
    return msgspec.json.encode(outcome)


def decode_outcome(data: bytes) -> Outcome:
    return msgspec.json.decode(data, type=Outcome)
