"""`tenfold logs --follow`: from another process, and through a server, all attempts and items, nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenfold.pipelines.secrets.masking import MASK
from tenfold.records import RunQuery
from tenfold.server.listen import serving
from tenfold.server.place import place_of
from tenfold.workspace import open_workspace

pytestmark = pytest.mark.crash

FLOW = """
import os, pathlib, time
import tenfold

HERE = pathlib.Path(__file__).parent


@tenfold.step(retries=1, retry_delay_s=0.01, cache=False, secrets=["TOKEN"])
def slow(number: int) -> int:
    print("begins", number, os.environ["TOKEN"], flush=True)
    while not (HERE / "go").exists():
        time.sleep(0.02)
    if not (HERE / f"tried-{number}").exists():
        (HERE / f"tried-{number}").touch()
        raise ValueError("again")
    print("ends", number, "grüße")
    return number


@tenfold.pipeline
def flow():
    return slow.map([1, 2])
"""


def test_a_log_is_followed_with_all_attempts_and_items_here_and_through_a_server(tmp_path: Path) -> None:
    (tmp_path / "log_flow.py").write_text(FLOW)
    place = open_workspace(str(tmp_path / ".tenfold"))
    environ = {
        **os.environ,
        "TENFOLD_STORE": str(place.folder),
        "XDG_CONFIG_HOME": str(tmp_path),
        "TENFOLD_WORKERS": "2",
    }

    def tenfold(*words: str, **more: str) -> subprocess.Popen[bytes]:
        given = {"cwd": tmp_path, "env": {**environ, **more}, "stdout": subprocess.PIPE, "stdin": subprocess.PIPE}
        given["bufsize"] = 0  # `communicate` would pass over what `readline` has read ahead
        return subprocess.Popen([sys.executable, "-m", "tenfold", *words], **given)  # type: ignore[call-overload,no-any-return]

    tenfold("secrets", "set", "TOKEN").communicate(b"sesame-open\n", timeout=60)
    run = tenfold("run", "log_flow.py:flow")
    deadline = time.monotonic() + 60
    while len(list(place.folder.glob("logs/*.log"))) < 2:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.05)
    (root,) = place.stores.runs.search(RunQuery(kinds=["pipeline"])).items
    with serving(place_of(place)) as url:
        followers = [
            tenfold("logs", root.id, "slow", "--follow"),
            tenfold("logs", root.id, "slow[1]", "-f", TENFOLD_STORE=url),
        ]
        for follower in followers:
            assert follower.stdout is not None
            while b"begins" not in follower.stdout.readline():
                assert follower.poll() is None
        (tmp_path / "go").touch()
        run.communicate(timeout=60)
        here, there = (follower.communicate(timeout=60)[0].decode() for follower in followers)
    assert here.count("--- attempt 2 ---") == 2 and here.count("ends 1 grüße") == here.count("ends 2 grüße") == 1
    assert there.count("--- attempt 2 ---") == 1 and there.count("ends 2 grüße") == 1 and "ends 1" not in there
    assert here.count(MASK) >= 3 and "sesame" not in here + there
    kept = json.loads(tenfold("logs", root.id, "--json").communicate(timeout=60)[0])
    assert [one["step"] for one in kept] == ["slow[0]", "slow[1]"]
    for number, one in enumerate(kept, start=1):
        lines = [f"begins {number} {MASK}", "--- attempt 2 ---", f"begins {number} {MASK}", f"ends {number} grüße"]
        assert one["text"].splitlines() == lines
    nobody = tenfold("logs", root.id, "nobody")
    nobody.communicate(timeout=60)
    assert nobody.returncode == 4
