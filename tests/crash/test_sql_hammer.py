"""Many processes and threads write to one SQLite file at once: each gets its turn, none sees "database is locked"."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.records import Run
from tenfold.stores.sql import open_sql

pytestmark = pytest.mark.crash

WRITER = Path(__file__).with_name("sql_writer.py")
PROCESSES = int(os.environ.get("TENFOLD_HAMMER_PROCESSES", "3"))


def test_processes_that_write_at_once_never_see_a_locked_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    command = [sys.executable, str(WRITER), url, "40"]
    writers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for writer in writers:
        out, error = writer.communicate(timeout=120)
        assert (writer.returncode, error, out.count("\n")) == (0, "", 1 + 7 * 40)
    sql = open_sql(url)
    assert len(sql.versions.search("data", "crash", limit=10_000)) == 40 * PROCESSES
    sql.database.close()


def test_a_writer_without_a_pause_does_not_starve_another(tmp_path: Path) -> None:
    """Two processes: one hammers; the other, here, waits only a little for each of its writes."""
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    sql = open_sql(url)
    run = Run(id=ids.new_id(), project="p")
    sql.runs.create([run])
    hammer = subprocess.Popen([sys.executable, str(WRITER), url], stdout=subprocess.PIPE)
    assert hammer.stdout is not None
    drained = threading.Thread(target=lambda: [None for _ in hammer.stdout or ()])
    for _ in range(5):
        hammer.stdout.readline()
    drained.start()
    waits = []
    for number in range(100):
        began = time.monotonic()
        sql.runs.heartbeat([run.id], at_ms=number)
        waits.append(time.monotonic() - began)
    hammer.kill()
    hammer.wait()
    drained.join()
    hammer.stdout.close()
    assert sorted(waits)[90] < 1.0
    sql.database.close()


def test_a_forked_child_writes_through_its_own_connections(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    code = """
import os, sys
from tenfold.records import Run
from tenfold.stores.sql import open_sql
sql = open_sql(sys.argv[1])
sql.runs.create([Run(id="before", project="p")])
child = os.fork()
for number in range(50):
    sql.runs.create([Run(id=f"{'parent' if child else 'child'}-{number}", project="p")])
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print(sql.runs.projects())
    sql.database.close()
"""
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{'p': 101}\n", "")
