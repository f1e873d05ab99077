"""Steps on several nodes: the variables that tell one process from the others, and where the first is met."""

from __future__ import annotations

import socket
import time

from tenfold.pipelines.executors.job import Job

PORT = 29500
"""Where rank 0 is met when its address is all its own; the port that torch.distributed takes by default."""
MEETING_PATIENCE_S = 300.0


def rank_environ(job: Job) -> dict[str, str]:
    """What torch.distributed and the like read. One process a node: LOCAL_RANK is 0 everywhere."""
    host, _, port = job.master.rpartition(":")
    rank, nodes = str(job.rank), str(job.work.resources.nodes)
    return {
        "RANK": rank, "NODE_RANK": rank, "GROUP_RANK": rank, "LOCAL_RANK": "0", "WORLD_SIZE": nodes,
        "LOCAL_WORLD_SIZE": "1", "GROUP_WORLD_SIZE": nodes, "MASTER_ADDR": host, "MASTER_PORT": port,
    }  # fmt: skip


def await_master(job: Job, *, patience_s: float = MEETING_PATIENCE_S) -> None:
    """Wait until the name of rank 0's node is known: names of pods come with the pods.

    Raises:
        TimeoutError: It did not come.
    """
    host = job.master.rpartition(":")[0]
    deadline = time.monotonic() + patience_s
    while True:
        try:
            socket.getaddrinfo(host, None)
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The node of rank 0 is not known as {host}: {error}") from error
        time.sleep(0.5)


def free_port() -> int:
    """A port of this machine that nobody listens at just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
