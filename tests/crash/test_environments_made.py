"""Virtual environments of steps, made for real with uv. They take packages from an index, so they run with `make crash`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tenfold.pipelines.environments import Environment
from tenfold.pipelines.making_environments import FOLDER, ensure_environment

pytestmark = pytest.mark.crash

MAKE = """
import sys
from pathlib import Path
from tenfold.pipelines.environments import Environment
from tenfold.pipelines.making_environments import ensure_environment
print(ensure_environment(Environment([sys.argv[1]]), Path(sys.argv[2])))
"""

FLOW = """
import os, sys
import tenfold

@tenfold.step(env={{"packages": ["{wheel}"]}}, environ={{"WHO": "you"}})
def greet(times: int) -> list:
    import greeting
    return [greeting.greet(os.environ["WHO"])] * times + [sys.executable]

@tenfold.step(env={{"packages": ["no-such-package-of-anyones==1"]}})
def never() -> None: ...

@tenfold.step
def double(x: int) -> int:
    return 2 * x

@tenfold.pipeline
def greeted(broken: bool = False):
    found = greet(double(1))
    return [found, never()] if broken else found

if __name__ == "__main__":
    run = greeted.run()
    *said, where = run.outputs()
    assert said == ["hello you"] * 2 and "/cache/environments/" in where, (said, where)
    assert greeted.run().graph.counts == {{"cached": 2}}
    bad = greeted.with_options(raises=False).run(broken=True)
    assert bad.steps["greet"].state == "cached" and bad.steps["never"].state == "failed"
    assert "no-such-package-of-anyones was not found" in bad.steps["never"].error, bad.steps["never"].error
"""


@pytest.fixture
def wheel(tmp_path) -> Path:
    path = tmp_path / "greeting-1.0-py3-none-any.whl"
    info = "greeting-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("greeting.py", "def greet(who):\n    return f'hello {who}'\n")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return path


def test_two_makers_make_an_environment_once_and_a_killed_one_is_begun_anew(tmp_path, wheel):
    words = [sys.executable, "-c", MAKE, f"greeting @ {wheel.as_uri()}", str(tmp_path)]
    killed = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    while not list((tmp_path / FOLDER).glob("*/pyvenv.cfg")) and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    makers = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {maker.communicate()[0] for maker in makers}
    assert [maker.returncode for maker in makers] == [0, 0] and len(said) == 1
    python = said.pop().strip()
    seen = subprocess.run([python, "-c", "import greeting, tenfold; print(greeting.greet('me'))"], capture_output=True)
    assert seen.stdout == b"hello me\n", seen.stderr
    began = time.monotonic()
    assert str(ensure_environment(Environment([f"greeting @ {wheel.as_uri()}"]), tmp_path)) == python
    assert time.monotonic() - began < 1


def test_steps_run_in_their_environments_and_one_that_cannot_be_made_fails_its_steps_alone(tmp_path, wheel):
    (tmp_path / "flow.py").write_text(FLOW.format(wheel=f"greeting @ {wheel.as_uri()}"))
    done = subprocess.run([sys.executable, "flow.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
