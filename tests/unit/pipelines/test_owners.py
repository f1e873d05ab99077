"""Whether a scheduler is gone: told only by what a pid means where it was given."""

from __future__ import annotations

import subprocess
import sys

from tenfold.pipelines.driving import owners
from tenfold.pipelines.driving.owners import is_dead, new_owner

CHILD = "from tenfold.pipelines.driving.owners import new_owner; print(new_owner(), flush=True); input()"


def test_an_owner_is_dead_when_its_process_is_gone_and_never_by_a_pid_of_elsewhere(monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    owner = child.stdout.readline().strip()
    assert not is_dead(owner) and not is_dead(new_owner())
    host, machine, boot, space, pid, began, end = owner.split("/")
    assert is_dead("/".join([host, machine, boot, space, pid, f"{began}9", end])), "its pid was given to another"
    child.kill()
    child.wait()
    child.communicate()
    assert is_dead(owner)
    assert not is_dead("/".join(["elsewhere", machine, boot, space, pid, began, end]))
    assert not is_dead("/".join([host, machine, boot, f"{space}1", pid, began, end])), "a container's pid"
    assert not is_dead("somebody") and not is_dead("host/12/3.00/ab")

    alive = new_owner()
    monkeypatch.setattr(owners, "_here", lambda: (host, "m", "another boot", space))
    host_, _, *rest = alive.split("/")
    assert is_dead("/".join([host_, "m", *rest])), "the machine was started anew: this very pid means nothing"
    monkeypatch.setattr(owners, "_here", lambda: (host, "", "another boot", space))
    assert not is_dead("/".join([host_, "", *rest])), "it may be another machine of that name"
