"""A run that somebody asked to stop: the mark is seen between two heartbeats, and the process gets what Ctrl-C gives it."""

from __future__ import annotations

import ctypes
import signal
import threading

from tenfold.contracts import Stores
from tenfold.records import STOP, And, Compare, RunQuery

STOPPED = "Stopped: somebody asked it to, on its page or with tenfold runs stop"


def asked_to_stop(stores: Stores, run_ids: list[str]) -> list[str]:
    """Those of these runs that bear the mark. Reads nothing but them: most of the time the answer is empty."""
    marked = And([Compare("id", "in", list(run_ids)), Compare(f"tags.{STOP}", "is not null")])
    return [run.id for run in stores.runs.search(RunQuery(where=marked, count=False, deleted=None)).items]


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread, also out of a sleep; a handler of SIGINT that the script set decides instead.

    Where the shell has switched Ctrl-C off, as for a script started with `&` in another script, it is raised between two
    instructions of the main thread.
    """
    main = threading.main_thread().ident
    if main is None:
        return
    if callable(signal.getsignal(signal.SIGINT)):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(KeyboardInterrupt))
