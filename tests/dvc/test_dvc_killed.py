"""kill -9 of each verb at random instants: no file of the user is lost, the real dvc goes on, the same again ends the work.

TENFOLD_CRASH_ROUNDS (default 6) is how often each is killed; the real dvc looks at a third of them.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import select
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import dvc, dvc_json, files_below, run

from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.checking_out import checkout
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.stages.reproducing import reproduce
from tenfold.doors.dvc.transfer import pull, push

pytestmark = pytest.mark.crash

ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "6"))
Fresh = Callable[[str], Path]
Contents = dict[str, bytes]


def _start(work: Callable[[], object]) -> tuple[int, int]:
    ours, theirs = os.pipe()
    pid = os.fork()  # a process started anew would spend half a second on imports before each kill
    if pid:
        os.close(theirs)
        assert os.read(ours, 5) == b"ready"
        return pid, ours
    try:
        os.write(theirs, b"ready")
        work()
        os.write(theirs, b"done")
    except BaseException:
        os.write(theirs, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _end(pid: int, said: int) -> str:
    os.waitpid(pid, 0)
    with os.fdopen(said) as pipe:
        return pipe.read()


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    assert _end(*_start(work)) == "done"
    return time.monotonic() - began


def _kill(work: Callable[[], object], after_s: float) -> None:
    pid, said = _start(work)
    select.select([said], [], [], after_s)
    os.kill(pid, signal.SIGKILL)
    heard = _end(pid, said)
    assert heard in ("", "done"), heard


def _write(folder: Path, rng: random.Random) -> Contents:
    """Fill the working copy anew; gives what is in it."""
    for number in range(150):
        path = folder / f"data/{number % 7}/f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(rng.randrange(4_000)))
    (folder / "large").write_bytes(rng.randbytes(4_000_000))
    return _contents(folder)


def _contents(folder: Path) -> Contents:
    return {
        name: data for name, (data, _) in files_below(folder).items() if name.startswith("data/") or name == "large"
    }


def _check_objects(top: Path) -> None:
    """Whatever bears an md5 as its name has it."""
    for path in (top / "files/md5").rglob("*"):
        if path.is_file():
            md5 = path.parent.name + path.name.removesuffix(".dir")
            assert hashlib.md5(path.read_bytes()).hexdigest() == md5, path


def _forget(folder: Path) -> None:
    shutil.rmtree(folder / ".dvc/cache", ignore_errors=True)
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "large").unlink(missing_ok=True)


def test_killed_verbs_lose_no_file_and_leave_dvc_working(fresh: Fresh, tmp_path: Path) -> None:
    rng = random.Random(11)
    ours = fresh("ours")
    paths = ["data", "large"]
    first = _write(ours, rng)
    took = _seconds(lambda: add(open_repo(ours), paths))
    for number in range(ROUNDS):
        first = _write(ours, rng)
        _kill(lambda: add(open_repo(ours), paths), rng.random() * took)
        assert _contents(ours) == first
        _look(ours, tmp_path, number)
    add(open_repo(ours), paths)
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "first")
    took = _seconds(lambda: push(open_repo(ours)))
    for number in range(ROUNDS):
        shutil.rmtree(tmp_path / "remote", ignore_errors=True)
        _kill(lambda: push(open_repo(ours)), rng.random() * took)
        _look(ours, tmp_path, number)
    push(open_repo(ours))
    assert dvc_json(ours, "status", "-c") == {}
    _forget(ours)
    took = _seconds(lambda: pull(open_repo(ours)))
    for number in range(ROUNDS):
        _forget(ours)
        _kill(lambda: pull(open_repo(ours)), rng.random() * took)
        _look(ours, tmp_path, number)
    pull(open_repo(ours))
    assert _contents(ours) == first
    second = _write(ours, rng)
    add(open_repo(ours), paths)
    run(ours, "git", "commit", "-qam", "second")
    for number in range(ROUNDS):
        revision, wanted, other = ("HEAD~1", first, second) if number % 2 == 0 else ("HEAD", second, first)
        run(ours, "git", "checkout", "-q", revision, "--", "data.dvc", "large.dvc")
        _kill(lambda: checkout(open_repo(ours)), rng.random() * took)
        for name, data in _contents(ours).items():
            assert data in (wanted[name], other[name]), name
        _look(ours, tmp_path, number)
        checkout(open_repo(ours))
        assert _contents(ours) == wanted
    assert dvc_json(ours, "status") == status(open_repo(ours)) == {}
    assert not [path for path in ours.rglob("*.tmp") if ".dvc" not in path.parts]


def _look(ours: Path, top: Path, number: int) -> None:
    _check_objects(ours / ".dvc/cache")
    _check_objects(top / "remote")
    status(open_repo(ours))
    if number % 3 == 0:
        dvc_json(ours, "status")


def test_outputs_of_a_killed_stage_come_back(fresh: Fresh) -> None:
    ours = fresh("ours")
    (ours / "params.yaml").write_text("n: 0\n")
    (ours / "dvc.yaml").write_text(
        "stages:\n  slow:\n    cmd: 'echo half > out; sleep 0.2; echo ${n} > out; mkdir -p tree; echo ${n} > tree/a'\n"
        "    outs: [out, tree: {cache: false}]\n  next:\n    cmd: cp out copy\n    deps: [out]\n    outs: [copy]\n"
    )
    reproduce(open_repo(ours))
    rng = random.Random(3)
    for number in range(1, ROUNDS + 1):
        (ours / "out").write_text("work by hand")
        (ours / "params.yaml").write_text(f"n: {number}\n")
        _kill(lambda: reproduce(open_repo(ours)), rng.random() * 0.4)
        told: list[str] = []
        repo = open_repo(ours)
        repo.tell = told.append
        status(repo)
        text, whole = (ours / "out").read_text(), f"{number}\n"
        assert text in ("work by hand", whole, f"{number - 1}\n")
        assert all(re.search(" is back: stage (slow|next) was killed", line) for line in told), told
        assert not [*repo.temporary.glob("tenfold-aside-*/places.json")]
        assert (ours / "tree/a").exists()
        if number % 3 == 0:
            dvc_json(ours, "status")
        reproduce(open_repo(ours))
    assert dvc_json(ours, "status") == {}
    assert "didn't change" in dvc(ours, "repro")
