"""A deployment: one name clients ask, the model versions that answer under it, and the run that says it lives.

Versions are swapped by putting a new tuple of lanes in place of the old one. A request holds the lane it began with,
so nothing is lost and nobody waits while a version loads.
"""

from __future__ import annotations

import logging
import os
import platform
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.base import clock, ids
from tenfold.base.errors import Invalid, TenfoldError
from tenfold.base.user import user_name
from tenfold.contracts import Stores, resolve
from tenfold.records import Edge, Run, RunChange, RunState, Version
from tenfold.serving import publish
from tenfold.serving.batcher import Batcher
from tenfold.serving.journal import Header, Journal, Outcomes
from tenfold.serving.metrics import Metrics
from tenfold.serving.target import Load, Target

_log = logging.getLogger("tenfold.serving")


@dataclass(frozen=True, slots=True)
class Lane:
    """One loaded version and its share of the traffic."""

    target: Target
    batcher: Batcher

    @property
    def version(self) -> Version:
        return self.batcher.model.version

    @property
    def role(self) -> str:
        return "shadow" if self.target.shadow else "main"


class Deployment:
    """One name with its lanes, journals and run. `lanes` and `shadows` are replaced whole, never changed."""

    def __init__(
        self,
        stores: Stores,
        name: str,
        targets: Sequence[Target],
        *,
        load: Load,
        metrics: Metrics,
        pool: ThreadPoolExecutor,
        folder: Path,
        project: str,
        sample: float,
    ) -> None:
        self.name = name
        self.run_id = ids.new_id()
        self.url = ""
        self._stores, self._load, self._metrics, self._pool = stores, load, metrics, pool
        self._folder, self._project, self._sample = folder / name, project, sample
        self._targets = list(targets)
        self._lock = threading.Lock()  # guards the open journals and the list of pending ones
        self._journals: dict[str, Journal] = {}
        self._pending: list[Journal] = []  # take no more rows, wait to become versions
        self._publishing = threading.Lock()
        self._rotated_at = time.monotonic()
        self._failed: dict[str, str] = {}
        self._by_target = {target: self._lane(target, resolve(stores, target.address, default_kind="model"))
                           for target in self._targets}  # fmt: skip
        self.lanes: tuple[Lane, ...] = ()
        self.shadows: tuple[Lane, ...] = ()
        self._arrange()

    def choose(self) -> Lane:
        """The lane of the next request, by weight."""
        lanes = self.lanes
        if len(lanes) == 1:
            return lanes[0]
        return random.choices(lanes, [lane.target.weight for lane in lanes])[0]

    def set_weights(self, weights: dict[str, float]) -> None:
        """Share the traffic anew: {address of a target: weight}; those not named keep theirs.

        Raises:
            Invalid: No target has that address, or nobody would answer.
        """
        unknown = weights.keys() - {target.address for target in self._targets}
        if unknown:
            raise Invalid(f"{self.name} has no target {sorted(unknown)[0]!r}", field="weights")
        changed = {t: Target(t.name, t.address, weights.get(t.address, t.weight), t.shadow) for t in self._targets}
        if not sum(t.weight for t in changed.values() if not t.shadow) > 0:
            raise Invalid(f"With these weights nobody answers for {self.name}", field="weights")
        self._by_target = {new: Lane(new, self._by_target[old].batcher) for old, new in changed.items()}
        self._targets = list(changed.values())
        self._arrange()
        self.report()

    def follow(self) -> None:
        """Look where the addresses point now; load and warm what is new, then let it take over."""
        for target in self._targets:
            try:
                wanted = resolve(self._stores, target.address, default_kind="model")
                if wanted.id == self._by_target[target].version.id or self._failed.get(target.address) == wanted.id:
                    continue
                lane = self._lane(target, wanted)
            except Exception as error:  # a version that does not load must not stop the one that serves
                self._refuse(target, error)
                continue
            before = self._by_target[target].version
            self._by_target = {**self._by_target, target: lane}
            self._arrange()
            self._metrics.swaps.add(1, self.name)
            self._note_use(lane.version)
            self.report()
            _log.info("%s: %s took over from %s", self.name, lane.version.address, before.address)

    def begin(self, url: str) -> None:
        """Record the run of this deployment as running."""
        self.url = url
        now = clock.now_ms()
        run = Run(
            id=self.run_id,
            project=self._project,
            kind="deployment",
            name=self.name,
            root_id=self.run_id,
            user=user_name(),
            host=platform.node(),
            pid=os.getpid(),
            created_at_ms=now,
            params={"targets": [{"address": t.address, "weight": t.weight, "shadow": t.shadow} for t in self._targets]},
            result=self.figures(),
        )
        self._stores.runs.create([run])
        self._stores.runs.transition(self.run_id, "running", expect=["created"], at_ms=now)
        for lane in self._by_target.values():
            self._note_use(lane.version)

    def heartbeat(self) -> None:
        """Say that it lives, and what it did so far; a run taken for lost meanwhile is running again."""
        now = clock.now_ms()
        self._stores.runs.heartbeat([self.run_id], at_ms=now)
        self.report()
        if self._stores.runs.get([self.run_id])[0].state == "lost":
            self._stores.runs.transition(self.run_id, "running", expect=["lost"], at_ms=now)

    def report(self) -> None:
        """Write the figures into the run's result, once it has begun."""
        if self.url:
            self._stores.runs.update(self.run_id, RunChange(result=self.figures()))

    def finish(self, state: RunState) -> None:
        """Make what is in the journals into versions and end the run."""
        self.rotate()
        self.publish()
        self.report()
        self._stores.runs.transition(self.run_id, state, expect=["created", "running", "lost"], at_ms=clock.now_ms())

    def figures(self) -> dict[str, Any]:
        """URL, targets with the versions that answer, requests, predictions, errors, quantiles of latency."""
        asked = {key[1]: int(n) for key, n in self._metrics.requests.values().items() if key[0] == self.name}
        rows = sum(
            n for key, n in self._metrics.predictions.values().items() if key[0] == self.name and key[3] == "main"
        )
        quantiles = {f"p{q}_ms": self._metrics.seconds.quantile(q / 100, self.name) for q in (50, 99)}
        return {
            "url": self.url,
            "targets": [
                {
                    "address": target.address,
                    "model_version_id": lane.version.id,
                    "model": lane.version.name,
                    "number": lane.version.number,
                    "weight": target.weight,
                    "shadow": target.shadow,
                }
                for target, lane in self._by_target.items()
            ],
            "requests": sum(asked.values()),
            "errors": sum(n for status, n in asked.items() if status >= "400"),
            "predictions": int(rows),
            **{key: value * 1000 if value is not None else None for key, value in quantiles.items()},
        }

    def append(self, add: Callable[[Journal], None], kind: str = "predictions") -> None:
        """Call `add(journal)` while the journal cannot be rotated away."""
        with self._lock:
            add(self._open(kind))

    def add_outcomes(self, prediction_ids: list[str], values: list[Any]) -> None:
        """Keep true outcomes; on return they survive a SIGKILL. Raises StoreFull."""
        outcomes = Outcomes(clock.now_ms(), prediction_ids, values)
        self.append(lambda opened: opened.append_outcomes(outcomes), "outcomes")

    def due(self, *, every_s: float, rows: int) -> bool:
        """True when the journals are old or long enough to become versions."""
        with self._lock:
            waiting = sum(opened.rows for opened in self._journals.values())
            late = time.monotonic() - self._rotated_at >= every_s
            return bool(self._pending) or waiting >= rows or (waiting > 0 and late)

    def rotate(self) -> None:
        """Let the open journals take no more rows; the next row opens new ones."""
        with self._lock:
            self._pending += list(self._journals.values())
            self._journals = {}
            self._rotated_at = time.monotonic()

    def publish(self) -> list[Version]:
        """Make rotated journals into versions. What fails stays, and is tried again the next time."""
        made = []
        with self._publishing:
            with self._lock:
                todo = list(self._pending)
            for waiting in todo:
                version = publish.publish(self._stores, waiting.path)
                waiting.close()
                with self._lock:
                    self._pending.remove(waiting)
                if version is not None:
                    made.append(version)
                    self._metrics.published.add(version.metadata["rows"], self.name, version.kind)
        return made

    def _open(self, kind: str) -> Journal:
        opened = self._journals.get(kind)
        if opened is None:
            header = Header(
                kind="outcomes" if kind == "outcomes" else "predictions",
                deployment=self.name,
                project=self._project,
                run_id=self.run_id,
                draft_id=ids.new_id(),
            )
            opened = self._journals[kind] = Journal(self._folder, header)
        return opened

    def _lane(self, target: Target, version: Version) -> Lane:
        model = self._load(version)
        if not model.signature.outputs:
            raise Invalid(
                f"The signature of {version.address} does not say what it gives. Save it with an input example",
                field="address",
            )
        batcher = Batcher(
            model,
            self.name,
            append=self.append,
            metrics=self._metrics,
            pool=self._pool,
            sample=self._sample,
            shadow=target.shadow,
        )
        batcher.warm()
        return Lane(target, batcher)

    def _arrange(self) -> None:
        lanes = [self._by_target[target] for target in self._targets]
        self.lanes = tuple(lane for lane in lanes if not lane.target.shadow and lane.target.weight > 0)
        self.shadows = tuple(lane for lane in lanes if lane.target.shadow)
        serving: dict[tuple[str, ...], float] = {
            (self.name, one.version.name, str(one.version.number), one.role): 1.0 for one in lanes
        }
        self._metrics.serving.replace(self.name, serving)

    def _refuse(self, target: Target, error: Exception) -> None:
        self._metrics.swap_failures.add(1, self.name)
        _log.warning("%s: %s keeps its version: %s", self.name, target.address, error)
        try:  # once a version, not twice a second
            self._failed[target.address] = resolve(self._stores, target.address, default_kind="model").id
        except TenfoldError:
            return

    def _note_use(self, version: Version) -> None:
        if self.url:
            edge = Edge(run_id=self.run_id, version_id=version.id, direction="used", role="model", at_ms=clock.now_ms())
            self._stores.lineage.add([edge])
