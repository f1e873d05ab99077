"""Steps in this process: Ctrl-C and a timeout end what they started, also what ignores signals or left the session."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil
import pytest
from pipeline_samples import host_at, long_hanging


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the step does not wait for its child
def test_ctrl_c_ends_an_inline_step_with_all_it_started_at_once(tmp_path):
    pids: list[int] = []

    def press() -> None:
        files = [tmp_path / "child", tmp_path / "grandchild"]
        while not all(file.exists() and file.read_text() for file in files):
            time.sleep(0.01)
        pids.extend(int(file.read_text()) for file in files)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    whole = long_hanging.with_options(host=host_at(tmp_path / "store"), executor="inline")
    with pytest.raises(KeyboardInterrupt):
        whole.run(str(tmp_path))
    presser.join()
    assert len(pids) == 2 and not any(lives(pid) for pid in pids)
