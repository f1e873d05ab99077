"""The process that imports the user's module once and forks workers from it.

One thread, no user code but imports. It is the parent of the workers, so it kills them with everything they started
and reports their deaths. When the scheduler goes away, however it goes, it kills all and ends.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import traceback
from types import ModuleType

import msgspec
import psutil

from tenfold.pipelines.executors.processes import adopt_orphans, kill_below, kill_tree
from tenfold.pipelines.executors.wire import Dead, Kill, Reader, Ready, Setup, Spawn, frame
from tenfold.pipelines.executors.worker import run_worker
from tenfold.pipelines.loading import importing_target, load_target

_Order = Spawn | Kill


class ForkServer:
    """Workers by number and by pid."""

    def __init__(self, control: socket.socket, setup: Setup, module: ModuleType) -> None:
        self.control, self.setup, self.module = control, setup, module
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
                run_worker(socket.socket(fileno=fd), self.setup, self.module, server)
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
