"""What the tests of processes start: children that log, by every way Python has to make one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import tenfold

POINTS = 200


def work(number: int) -> None:
    """A worker that knows nothing of the run but `tenfold.log`."""
    for step in range(POINTS):
        tenfold.log({f"worker_{number}": step}, step=step)
    if number == 9:
        os.kill(os.getpid(), signal.SIGKILL)


def rank(number: int, of: int) -> None:
    os.environ |= {"RANK": str(number), "WORLD_SIZE": str(of)}
    with tenfold.run("ignored", name=f"rank {number}", capture=()) as run:
        for step in range(POINTS):
            run.log({"loss": number + step}, step=step)


def pool(method: str, target: Any, arguments: list[tuple[int, ...]]) -> list[int | None]:
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=target, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(90)
    return [worker.exitcode for worker in workers]


def main() -> None:
    how = sys.argv[1]
    if how == "ranks alone":
        rank(int(sys.argv[2]), 2)
        return
    with tenfold.run("p", name="outer", capture=()) as run:
        if how in ("fork", "spawn"):
            codes = pool(how, work, [(0,), (1,), (9,)])
            assert codes == [0, 0, -9], codes
        elif how == "fork while threads log":
            stop = threading.Event()
            threads = [threading.Thread(target=log_until, args=(run, stop, number)) for number in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(5):
                assert pool("fork", work, [(0,), (1,)]) == [0, 0]
            stop.set()
            for thread in threads:
                thread.join()
        elif how == "ranks of a run":
            assert pool("spawn", rank, [(0, 2), (1, 2)]) == [0, 0]
        elif how == "script":
            code = "import tenfold\nwith tenfold.run(name='inner', capture=()) as run: run.log({'x': 1.0})"
            subprocess.run([sys.executable, "-c", code], check=True)
        elif how == "signals":
            signal.signal(signal.SIGUSR1, lambda *_: run.log({"handled": 1.0}))
            for step in range(2000):
                run.log({"loss": step}, step=step)
                if step % 10 == 0:
                    os.kill(os.getpid(), signal.SIGUSR1)


def log_until(run: Any, stop: threading.Event, number: int) -> None:
    step = 0
    while not stop.is_set():
        run.log({f"thread_{number}": step}, step=step)
        step += 1
        stop.wait(0.0005)
    run.param(f"thread_{number}", step)


if __name__ == "__main__":
    main()
