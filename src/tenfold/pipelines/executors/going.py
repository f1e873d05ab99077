"""An attempt that an engine has: the files its processes write, the outcomes they leave, what that makes of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tenfold.pipelines.executors.job import DONE_FILE, LOG_FILE, STOP_FILE, Job, Outcome, decode_outcome, of_rank
from tenfold.pipelines.work import Done, State, Work


@dataclass
class Going:
    """One attempt: a process, or one a rank. What came of it is rank 0's; any rank that fails makes it fail."""

    job: Job
    place: Path
    handle: str = ""
    gone_at: float | None = None
    reason: str = ""
    stopped_at: float | None = None
    """When it was told to end."""
    verdict: Done | None = None
    """What came of it, decided by the first of its ranks that failed."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    _copied: dict[int, int] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        return self.job.work.resources.nodes

    def collect(self) -> None:
        """Take what its processes have written since."""
        for rank in range(self.nodes):
            done = self.place / of_rank(DONE_FILE, rank)
            if rank in self.outcomes or not done.exists():
                continue
            outcome = decode_outcome(done.read_bytes())
            self.outcomes[rank] = outcome
            if outcome.log:
                log = Path(self.job.work.log) if self.nodes == 1 else self.place / of_rank(LOG_FILE, rank)
                log.write_bytes(outcome.log)
            failed = outcome.done.state != "finished" and self.stopped_at is None
            if failed and self.verdict is None and self.nodes > 1:
                self.verdict = _said_by(rank, outcome.done)
        if self.nodes > 1:
            self._copy_logs()

    @property
    def is_complete(self) -> bool:
        """Every process has told its end."""
        return len(self.outcomes) == self.nodes

    def done(self) -> Done:
        """What came of it, once it is complete or gone."""
        stopped = self.stopped_at is not None
        if self.verdict is not None:
            return self.verdict
        if self.is_complete and not (stopped and self.outcomes[0].done.state != "finished"):
            return self.outcomes[0].done
        return end_of(self.job.work, "cancelled") if stopped else end_of(self.job.work, "lost", self.reason)

    def tell_to_stop(self) -> None:
        """By a file, where its processes see the place."""
        with contextlib.suppress(OSError):
            (self.place / STOP_FILE).touch()

    def _copy_logs(self) -> None:
        """Whole lines that ranks have printed since, into the attempt's log, each with its rank."""
        for rank in range(self.nodes):
            log = self.place / of_rank(LOG_FILE, rank)
            if not log.exists():
                continue
            with log.open("rb") as source:
                source.seek(self._copied.get(rank, 0))
                data = source.read()
            whole = data if rank in self.outcomes else data[: data.rfind(b"\n") + 1]
            if whole:
                self._copied[rank] = self._copied.get(rank, 0) + len(whole)
                with Path(self.job.work.log).open("ab") as log_of_all:
                    log_of_all.write(b"".join(b"[%d] %s\n" % (rank, line) for line in whole.splitlines()))


def _said_by(rank: int, done: Done) -> Done:
    """A rank's end as the attempt's; ranks that fail because another has ended come later."""
    if done.state == "timeout":
        return done
    first, _, rest = done.error.partition("\n")
    return msgspec.structs.replace(done, error=f"{first} (rank {rank})\n{rest}".rstrip("\n"))


def end_of(work: Work, state: State, error: str = "") -> Done:
    """The end of an attempt that gave nothing."""
    return Done(task_id=work.task_id, token=work.token, state=state, error=error)
