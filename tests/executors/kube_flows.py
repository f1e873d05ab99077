"""Pipelines of the tests of Kubernetes, run by the command line against a server's store."""

from pathlib import Path

import tenfold

TOOLS = "registry.example/tools:1"


@tenfold.step(resources={"cpu": 0.5, "memory": "300MiB"}, timeout_s=60)
def numbers(count: int) -> list[int]:
    tenfold.log({"count": count})
    return list(range(count))


@tenfold.pipeline
def counted(count: int = 5000):
    return numbers(count)


counted_words = tenfold.container(
    "count", image=TOOLS, environ={"WHO": "you"}, resources={"memory": "64MiB"}, timeout_s=60,
    command="echo went; wc -w < {words} > {out.number}; echo $WHO > {out.kept}/who; id -u > {out.kept}/user",
    outputs={"number": "json", "kept": "folder", "said": "stdout"},
)  # fmt: skip


@tenfold.step
def read(kept: Path) -> list[str]:
    return [(kept / name).read_text().strip() for name in ("who", "user")]


@tenfold.pipeline
def words(file: str):
    number, kept, said = counted_words(Path(file))
    return number, said, read(kept)


wrong = tenfold.container("wrong", image=TOOLS, command="echo went wrong >&2; exit 4")
ended = tenfold.container("ended", image=TOOLS, command="echo all of it; kill -KILL $$")
stuck = tenfold.container("stuck", image=TOOLS, command="trap '' TERM; setsid sleep 600 & sleep 600", timeout_s=3)
hungry = tenfold.container("hungry", image=TOOLS, command="tail /dev/zero", resources={"memory": "64MiB"})
absent = tenfold.container("absent", image="registry.example/no:1", command="true")


@tenfold.pipeline
def failing(which: str):
    return {"wrong": wrong, "ended": ended, "stuck": stuck, "hungry": hungry, "absent": absent}[which]()
