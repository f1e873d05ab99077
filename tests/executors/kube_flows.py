"""Pipelines of the tests of Kubernetes, run by the command line against a server's store."""

import tenfold


@tenfold.step(resources={"cpu": 0.5, "memory": "300MiB"}, timeout_s=60)
def numbers(count: int) -> list[int]:
    tenfold.log({"count": count})
    return list(range(count))


@tenfold.pipeline
def counted(count: int = 5000):
    return numbers(count)
