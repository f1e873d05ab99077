"""The process that imports the user's module once and forks workers from it.

One thread, no user code but imports; where those start threads that a fork would break, workers are fresh processes. It is the parent of the workers, so it kills them with everything they started
and reports their deaths. When the scheduler goes away, however it goes, it kills all and ends.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from types import ModuleType

import msgspec
import psutil

from tenfold.pipelines.authoring.loading import importing_target, load_target
from tenfold.pipelines.executors.processes import adopt_orphans, kill_below, kill_tree
from tenfold.pipelines.executors.wire import Dead, Kill, Reader, Ready, Setup, Spawn, frame
from tenfold.pipelines.executors.worker import run_worker

_Order = Spawn | Kill


class ForkServer:
    """Workers by number and by pid."""

    def __init__(self, control: socket.socket, setup: Setup, module: ModuleType) -> None:
        self.control, self.setup, self.module = control, setup, module
        self.forks_are_safe = not foreign_threads()
        self.pids: dict[int, int] = {}
        self.handed: list[int] = []
        """Sockets that came before the end of their order."""

    def serve(self) -> None:
        """Take orders until the scheduler's end of the socket is closed."""
        waker, wakened = socket.socketpair()
        wakened.setblocking(False)
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            self._follow(Reader(self.control), wakened)
        finally:
            signal.set_wakeup_fd(-1)
            waker.close()
            wakened.close()

    def _follow(self, reader: Reader, wakened: socket.socket) -> None:
        while True:
            readable, _, _ = select.select([self.control, wakened], [], [])
            if wakened in readable:
                with contextlib.suppress(BlockingIOError):
                    wakened.recv(4096)
                self.reap()
            if self.control in readable and not self.obey(reader):
                return

    def obey(self, reader: Reader) -> bool:
        """Follow the orders that have come; False when there will be no more."""
        try:
            data, handed, _, _ = socket.recv_fds(self.control, 65536, 16)
        except ConnectionResetError:
            return False
        if not data:
            return False
        self.handed += handed
        reader.feed(data)
        for message in reader.cut():
            order = msgspec.msgpack.decode(message, type=_Order)
            if isinstance(order, Spawn):
                self.spawn(order.worker, self.handed.pop(0))
            elif order.worker in self.pids:
                kill_tree(self.pids[order.worker])
        return True

    def spawn(self, worker: int, fd: int) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.set_wakeup_fd(-1)
                self.control.close()
                if self.forks_are_safe:
                    run_worker(socket.socket(fileno=fd), self.setup, self.module, server)
                else:
                    _become_fresh_worker(fd, self.setup)
                code = 0
            finally:
                os._exit(code)
        os.close(fd)
        self.pids[worker] = pid

    def reap(self) -> None:
        """Report workers that ended; what they left behind came to this process, and is killed first."""
        dead: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            worker = next((number for number, known in self.pids.items() if known == pid), None)
            if worker is not None:
                del self.pids[worker]
                dead.append((worker, os.waitstatus_to_exitcode(status)))
        if dead:
            kill_below(psutil.Process(), spare=frozenset(self.pids.values()))
        for worker, status in dead:
            with contextlib.suppress(OSError):
                self.control.sendall(frame(Dead(worker, status)))

    def end(self) -> None:
        for pid in list(self.pids.values()):
            kill_tree(pid)
        kill_below(psutil.Process())


def foreign_threads() -> list[str]:
    """Names of threads that what was imported has started and that a fork would leave holding locks.

    Known to bear a fork: those of NumPy's BLAS (they bear the process's name) and what Polars starts on import. Once
    Polars has computed something (`polars-0`), a forked child hangs at its first use of it [measured].
    """
    found = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    with contextlib.suppress(OSError):
        own = Path("/proc/self/comm").read_text().strip()
        names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
        found += [name for name in names if name not in (own, "jemalloc_bg_thd", "polars-ooc-clea")]
    return found


def _become_fresh_worker(fd: int, setup: Setup) -> None:
    """Replace this forked process by a new one that imports everything itself: slower to start, and safe."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.set_inheritable(fd, True)
    boot = (
        "import json, sys; fd, setup = int(sys.argv[1]), sys.argv[3]; sys.path[:], sys.argv[:] = json.loads(sys.argv[2]); "
        "from tenfold.pipelines.executors.forkserver import fresh_worker; fresh_worker(fd, setup)"
    )
    setup_text = base64.b64encode(msgspec.msgpack.encode(setup)).decode()
    os.execv(sys.executable, [sys.executable, "-c", boot, str(fd), json.dumps([sys.path, sys.argv]), setup_text])


def fresh_worker(fd: int, setup_text: str) -> None:
    """A worker that was not forked from the imported modules but imports them."""
    parent = os.getppid()
    setup = msgspec.msgpack.decode(base64.b64decode(setup_text), type=Setup)
    with importing_target():
        module = load_target(setup.target, modules=setup.modules)
    os.set_inheritable(fd, False)
    run_worker(socket.socket(fileno=fd), setup, module, parent)


def main(fd: int) -> None:
    """Serve the scheduler at the other end of this socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the scheduler, which then says what to kill
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    adopt_orphans()
    control = socket.socket(fileno=fd)
    first = Reader(control).read_one()
    if first is None:
        return
    setup = msgspec.msgpack.decode(first, type=Setup)
    try:
        with importing_target():
            module = load_target(setup.target, modules=setup.modules)
    except (Exception, SystemExit):  # the edge: a module may raise anything while it is imported
        control.sendall(frame(Ready(error=traceback.format_exc())))
        return
    gc.collect()
    gc.freeze()  # what is imported stays shared between the forks
    control.sendall(frame(Ready()))
    server = ForkServer(control, setup, module)
    try:
        server.serve()
    finally:
        server.end()
