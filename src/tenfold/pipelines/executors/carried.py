"""An attempt inside a worker of an engine that carries values by itself (Dask, Ray): job in, outcome out, as bytes.

The attempt is still a process of its own: it can be killed with everything it started, and the engine's worker stays
as it was. The two are tied by a pipe: when the worker ends or takes its end back, the attempt ends with all it started.
"""

from __future__ import annotations

import select
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from tenfold.pipelines.executors.job import decode_job

ALERT_S = 0.2
"""How soon an exception that the engine raises in this thread is noticed."""


def run_carried(job: bytes) -> bytes:
    """Run an attempt to its end; gives its outcome. Raises RuntimeError when its process died without a word."""
    place = Path(decode_job(job).place)
    with tempfile.TemporaryDirectory(prefix="tenfold-") as folder:
        out = Path(folder) / "outcome.json"
        words = [sys.executable, "-P", "-m", "tenfold.pipelines.executors.attempt", "--tied", "--out", str(out)]
        log = (place if place.is_dir() else Path(folder)) / "engine.log"
        with log.open("ab") as said:
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(struct.pack("<Q", len(job)) + job)
            process.stdin.flush()
            while not select.select([process.stdout], [], [], ALERT_S)[0]:
                pass  # nothing is ever said there: its end is the attempt's
        finally:
            process.stdin.close()
            process.stdout.read()
            process.stdout.close()
            process.wait()
        if not out.exists():
            raise RuntimeError(f"The attempt's process died: {log.read_text('utf-8', 'replace')[-2000:]}")
        return out.read_bytes()
