"""What a pod prints, as it comes, into a file."""

from __future__ import annotations

import threading
from pathlib import Path

from tenfold.base.errors import TenfoldError
from tenfold.pipelines.executors.kubernetes.cluster import Cluster

AGAIN_S = 2.0
"""Before a log that broke off is asked for again."""


class PodLog:
    """A thread that appends a pod's log to a file. Where it breaks off it is read again, from where it was."""

    def __init__(self, cluster: Cluster, pod: str, container: str, file: Path) -> None:
        self._cluster, self._pod, self._container, self._file = cluster, pod, container, file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tenfold-log-{pod}", daemon=True)
        self._thread.start()

    def finish(self, patience_s: float) -> None:
        """The pod has ended: wait for the rest of what it printed."""
        self._over.set()
        self._thread.join(patience_s)

    def _run(self) -> None:
        written = 0
        while True:
            over = self._over.is_set()
            try:
                written += self._copy(written)
                if over or self._over.wait(AGAIN_S):  # its end and the pod's are seen at about the same time
                    return
            except (TenfoldError, OSError):
                if over:
                    return
                self._over.wait(AGAIN_S)

    def _copy(self, skip: int) -> int:
        copied = 0
        with self._file.open("ab") as file:
            for data in self._cluster.log(self._pod, self._container):
                fresh = data[skip:]
                skip = max(0, skip - len(data))
                file.write(fresh)
                file.flush()
                copied += len(fresh)
        return copied
