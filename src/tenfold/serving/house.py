"""What stands behind an application: its deployments, and the threads that follow aliases, beat and publish."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import require
from tenfold.contracts import Stores
from tenfold.records import RunState
from tenfold.serving import publish
from tenfold.serving.deployment import Deployment
from tenfold.serving.metrics import Metrics
from tenfold.serving.target import Load, Target, check_targets

_log = logging.getLogger("tenfold.serving")

HEARTBEAT_S = 5.0


class House:
    """The deployments of one server. `open` and `close` may be called twice.

    Args:
        load: Gives the loaded model of a version (`models.load` with the stores bound).
        log_folder: Where journals lie, a folder a deployment; what a killed server left there is published at `open`.
        sample: Share of the predictions that are logged.
        follow_s: How often it is looked where the addresses point.
        publish_s, publish_rows: Journals become versions when they are this old, or hold this many rows.
    """

    def __init__(
        self,
        stores: Stores,
        targets: Sequence[Target],
        *,
        load: Load,
        log_folder: Path,
        project: str = "default",
        sample: float = 1.0,
        follow_s: float = 0.5,
        publish_s: float = 30.0,
        publish_rows: int = 50_000,
    ) -> None:
        if sample > 0:
            require("polars", extra="tables", why="keep the prediction log")
        self.metrics = Metrics()
        self.url = ""
        self._stores, self._folder = stores, log_folder
        self._follow_s, self._publish_s, self._publish_rows = follow_s, publish_s, publish_rows
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tenfold-predict")
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._state: RunState | None = None
        self.ending: RunState = "finished"
        """What the runs become at `close`."""
        self.deployments = {
            name: Deployment(
                stores,
                name,
                group,
                load=load,
                metrics=self.metrics,
                pool=self._pool,
                folder=log_folder,
                project=project,
                sample=sample,
            )
            for name, group in check_targets(targets).items()
        }

    def open(self) -> None:
        """Record the deployments as running and begin to follow, beat and publish."""
        if self._state is not None:
            return
        self._state = "running"
        for deployment in self.deployments.values():
            deployment.begin(self.url or "in process")
        for work in (self._watch, self._ship):
            thread = threading.Thread(target=work, name=f"tenfold-serving{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Publish what is logged, end the runs, stop the threads. No request may be under way."""
        if self._state != "running":
            return
        self._state = self.ending
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for deployment in self.deployments.values():
            deployment.finish(self.ending)
        self._pool.shutdown()

    def publish(self) -> None:
        """Make everything logged so far into versions now, for who does not want to wait."""
        for deployment in self.deployments.values():
            deployment.rotate()
            deployment.publish()

    def _watch(self) -> None:
        beaten = time.monotonic()
        while not self._stopping.wait(self._follow_s):
            for deployment in self.deployments.values():
                try:
                    deployment.follow()
                    if time.monotonic() - beaten >= HEARTBEAT_S:
                        deployment.heartbeat()
                except Exception as error:  # a store that cannot be reached now: the next turn tries again
                    _log.warning("%s: %s", deployment.name, error)
            if time.monotonic() - beaten >= HEARTBEAT_S:
                beaten = time.monotonic()

    def _ship(self) -> None:
        try:
            publish.publish_orphans(self._stores, self._folder)
        except (TenfoldError, OSError) as error:
            _log.warning("Journals of an earlier server stay for the next start: %s", error)
        while not self._stopping.wait(min(1.0, self._publish_s)):
            for deployment in self.deployments.values():
                try:
                    if deployment.due(every_s=self._publish_s, rows=self._publish_rows):
                        deployment.rotate()
                        deployment.publish()
                except Exception as error:  # as above
                    _log.warning("%s: its log stays in the journal for now: %s", deployment.name, error)
