"""Micro-batching that waits for nobody: one call of the model takes all that queued while the last one ran."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tenfold.base import clock, ids
from tenfold.base.errors import TenfoldError
from tenfold.records import Version
from tenfold.serving.journal import Journal, schema_of
from tenfold.serving.metrics import Metrics
from tenfold.serving.target import Servable

MAX_ROWS = 4096
"""Rows of one call, unless a single request has more."""

INLINE_SECONDS = 0.001
"""A call expected to be shorter runs on the event loop: handing it to a thread and back costs 0.1 ms itself."""

Rows = Sequence[Sequence[Any]]
Append = Callable[[Callable[[Journal], None]], None]
"""Calls what it is given with the journal that takes rows now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request's share of a batch. `prediction_ids` is empty when the log could not be written."""

    version: Version
    prediction: list[Any]
    probability: Any
    """(rows, classes) as a NumPy array, or None."""
    prediction_ids: list[str]


@dataclass(slots=True)
class _Waiting:
    rows: Rows
    future: asyncio.Future[Answer]
    prediction_ids: list[str] | None


class Batcher:
    """Asks one loaded model for many requests. All methods belong to the thread of the event loop."""

    def __init__(
        self,
        model: Servable,
        deployment: str,
        *,
        append: Append,
        metrics: Metrics,
        pool: ThreadPoolExecutor,
        sample: float = 1.0,
        shadow: bool = False,
    ) -> None:
        self.model = model
        self.schema = schema_of(model.version.id, model.version.number, model.signature)
        self.seconds_per_row = INLINE_SECONDS
        self.seconds_per_call = INLINE_SECONDS
        self._deployment = deployment
        self._append_to = append
        self._metrics = metrics
        self._pool = pool
        self._sample = sample
        self._shadow = shadow
        self._labels = (deployment, model.version.name, str(model.version.number), "shadow" if shadow else "main")
        self._queue: deque[_Waiting] = deque()
        self._busy = False

    def warm(self) -> None:
        """Ask the model once for its own example, so that the first request is not the slow one, and time it."""
        example = self.model.example()
        if not example or not example["data"]:
            return
        rows = example["data"][:1]
        for _ in range(3):
            start = time.perf_counter()
            self.model.run(self.model.check(rows))
            self.seconds_per_call = time.perf_counter() - start
        self.seconds_per_row = self.seconds_per_call / 20

    def ask(self, rows: Rows, prediction_ids: list[str] | None = None) -> asyncio.Future[Answer]:
        """Answers for rows in the order of the model's signature; given ids are those of the rows it shadows.

        The future raises Invalid when the rows are refused; rows of other requests are not touched by that.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append(_Waiting(rows, future, prediction_ids))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._start, loop)  # after the requests that this turn of the loop still reads
        return future

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        taken: list[_Waiting] = []
        rows = 0
        while self._queue and (not taken or rows + len(self._queue[0].rows) <= MAX_ROWS):
            taken.append(self._queue.popleft())
            rows += len(taken[-1].rows)
        if not taken:
            self._busy = False
            return
        if self.seconds_per_call + rows * self.seconds_per_row < INLINE_SECONDS:
            self._deliver(loop, taken, self._work([w.rows for w in taken], [w.prediction_ids for w in taken]))
            return
        job = loop.run_in_executor(self._pool, self._work, [w.rows for w in taken], [w.prediction_ids for w in taken])
        job.add_done_callback(lambda done: self._deliver(loop, taken, done.result()))

    def _deliver(
        self, loop: asyncio.AbstractEventLoop, taken: list[_Waiting], results: list[Answer | Exception]
    ) -> None:
        for waiting, result in zip(taken, results, strict=True):
            if waiting.future.done():  # the client went away
                continue
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)
        if self._queue:
            loop.call_soon(self._start, loop)
        else:
            self._busy = False

    def _work(self, requests: list[Rows], given: list[list[str] | None]) -> list[Answer | Exception]:
        """One call of the model for all; where that is refused, one for each, so that only the guilty are. Never raises."""
        try:
            return self._answer(requests, given)
        except Exception as error:
            if len(requests) == 1:
                return [error]
        results: list[Answer | Exception] = []
        for rows, one in zip(requests, given, strict=True):
            results += self._work([rows], [one])
        return results

    def _answer(self, requests: list[Rows], given: list[list[str] | None]) -> list[Answer | Exception]:
        rows = requests[0] if len(requests) == 1 else [row for part in requests for row in part]
        start = time.perf_counter()
        batch = self.model.check(rows)
        answers = self.model.run(batch)
        took = time.perf_counter() - start
        self._note(len(rows), took)
        prediction, probability = answers.prediction.tolist(), answers.probability
        made = self._log(batch, answers, given)
        results: list[Answer | Exception] = []
        at = 0
        for part in requests:
            end = at + len(part)
            share = None if probability is None else probability[at:end]
            results.append(Answer(self.model.version, prediction[at:end], share, made[at:end]))
            at = end
        return results

    def _note(self, rows: int, took: float) -> None:
        if rows <= 8:
            self.seconds_per_call += 0.1 * (took - self.seconds_per_call)
        else:
            over = max(took - self.seconds_per_call, 0.0) / rows
            self.seconds_per_row += 0.1 * (over - self.seconds_per_row)
        self._metrics.batch_rows.observe(rows, self._deployment)
        self._metrics.predict_seconds.observe(took, self._deployment)
        self._metrics.predictions.add(rows, *self._labels)

    def _log(self, batch: Any, answers: Any, given: list[list[str] | None]) -> list[str]:
        """Write the rows to the journal; gives their ids, or none when it could not be written."""
        rows = batch.rows
        if rows == 0:
            return []
        columns = [values for values in batch.columns() if values.ndim == 1] + _flat(answers)
        if self._shadow and all(part is not None for part in given):
            made = [one for part in given for one in (part or [])]
            return made if self._append_shadow(columns, given) else []
        made = ids.new_ids(rows)
        offsets: list[int] | None = None
        if self._sample < 1.0:  # 0 logs nothing, and every prediction still has its id
            offsets = [at for at in range(rows) if random.random() < self._sample]
            columns = [values[offsets] for values in columns]
            if not offsets:
                return made
        return made if self._append(columns, made[0], offsets) else []

    def _append_shadow(self, columns: list[Any], given: list[list[str] | None]) -> bool:
        at = 0
        for part in given:
            if part and not self._append([values[at : at + len(part)] for values in columns], part[0], None):
                return False
            at += len(part or [])
        return True

    def _append(self, columns: list[Any], first_id: str, offsets: list[int] | None) -> bool:
        try:
            self._append_to(
                lambda journal: journal.append(
                    self.schema, columns, at_ms=clock.now_ms(), first_id=first_id, offsets=offsets, shadow=self._shadow
                )
            )
        except (OSError, TenfoldError):  # an answer is worth more than its line in the log: it is counted and watched
            self._metrics.log_failures.add(1, self._deployment)
            return False
        return True


def _flat(answers: Any) -> list[Any]:
    """Answers as the flattened columns of `schema_of`."""
    if answers.prediction.ndim > 2:
        return []
    prediction = [answers.prediction] if answers.prediction.ndim == 1 else [*answers.prediction.T]
    if answers.probability is None:
        return prediction
    if answers.probability.shape[1] == 2:
        return [*prediction, answers.probability[:, 1]]
    return [*prediction, *answers.probability.T]
