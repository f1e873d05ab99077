"""A PostgreSQL server of the tests' own, started where it is needed and gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "postgres.py"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of an empty database on a server of its own."""
    done = subprocess.run([sys.executable, str(SCRIPT), "start"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder, url = done.stdout.split()
    try:
        yield url
    finally:
        subprocess.run([sys.executable, str(SCRIPT), "stop", folder], check=True)
