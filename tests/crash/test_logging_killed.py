"""A process that logs is killed with SIGKILL at random instants: every point whose log() returned is there after sync."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NURSERY = Path(__file__).with_name("logging_nursery.py")
TIMES = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "1"))
"""`make crash` runs many times as many kills."""


def nursery(folder: Path, how: str, kills: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(NURSERY), str(folder), how, str(kills * TIMES), str(len(how))],
        capture_output=True,
        text=True,
        timeout=120 * TIMES,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.crash
@pytest.mark.parametrize(("how", "kills"), [("journal", 40), ("whole", 12), ("syncer", 8)])
def test_no_point_is_lost_or_doubled_by_a_kill(tmp_path: Path, how: str, kills: int) -> None:
    result = nursery(tmp_path, how, kills)
    assert result["kept"] == {}
    assert result["left"] == []
    for said, found in zip(result["said"], result["found"], strict=True):
        for returned, (stored, right) in zip(said, found, strict=True):
            assert right, "steps 0, 1, 2 … each once, each with its value"
            assert returned <= stored <= returned + 1, "what returned is there, and at most the call that was under way"
    assert sum(map(sum, result["said"])) > 100 * kills
