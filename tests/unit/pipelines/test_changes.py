"""Plans before a run and before it goes on, and why steps ran: with the values and the diff, of helpers too."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from tenfold.cli.app import cli

HELPER = """
RATE = 2

def scale(x):
    # as it was
    return x * RATE
"""

FLOW = """
import tenfold
from changing_helper import scale


@tenfold.step
def load(count: int) -> list[int]:
    return list(range(count))


@tenfold.step(environ={"MODE": "slow"})
def doubled(x: int, factor: int) -> int:
    if x == 3 and factor == 13:
        raise ValueError("thirteen")
    return scale(x) * factor


@tenfold.step
def total(xs: list[int]) -> int:
    return sum(xs)


@tenfold.pipeline
def sums(count: int = 8, factor: int = 2):
    return total(doubled.map(load(count), factor=factor))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Runs commands in a folder with a project; `edit` changes it between them, as a person does between processes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENFOLD_EXECUTOR", "inline")
    monkeypatch.delenv("TENFOLD_STORE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = {"changing_helper.py": HELPER, "changing_flow.py": FLOW}

    class Place:
        def edit(self, name: str, old: str, new: str) -> None:
            assert old in files[name]
            files[name] = files[name].replace(old, new)

        def __call__(self, *args: str, code: int = 0) -> str:
            for name, text in files.items():
                (tmp_path / name).write_text(text)
                sys.modules.pop(name.removesuffix(".py"), None)
            done = CliRunner().invoke(cli, args, catch_exceptions=True)
            assert (done.exit_code != 0) == bool(code), done.output + str(done.exception)
            return done.stdout

        def json(self, *args: str):
            return json.loads(self(*args, "--json"))

    yield Place()
    for name in files:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_a_plan_says_hits_misses_and_what_is_saved_and_why_ran_shows_the_diff_of_a_helper(place):
    flow = "changing_flow.py:sums"
    assert place.json("plan", flow)[0]["why"] == "first run"
    place("run", flow)
    planned = place.json("plan", flow)
    assert len(planned) == 10 and all(one["hit"] and one["seconds"] is not None for one in planned)
    assert "10 of 10 steps are in the cache" in (text := place("plan", flow)) and "doubled[…] x 8" in text

    place.edit("changing_helper.py", "x * RATE", "x * RATE + 1")
    place.edit("changing_flow.py", 'environ={"MODE": "slow"}', 'environ={"MODE": "fast"}')
    planned = {one["key"]: one for one in place.json("run", flow, "--plan", "--param", "factor=3")}
    assert planned["load"]["hit"] and not planned["doubled[0]"]["hit"] and planned["doubled[0]"]["item_of"] == "doubled"
    assert planned["doubled[0]"]["why"] == "code changed; param factor changed; environment changed: $MODE"
    assert planned["total"]["why"] == "takes what doubled makes again" and planned["total"]["takes"] == ["doubled"]

    place("run", flow, "--param", "factor=3")
    (found,) = place.json("why-ran", "doubled[2]")
    code, factor, mode = found["changes"]
    assert (code["what"], code["name"]) == ("code", "changing_helper:scale")
    assert code["diff"].splitlines()[-2:] == ["-    return x * RATE", "+    return x * RATE + 1"]
    assert (factor["name"], factor["before"], factor["after"]) == ("factor", "2", "3")
    assert (mode["name"], mode["before"], mode["after"]) == ("$MODE", "slow", "fast")
    assert "+    return x * RATE + 1" in place("pipelines", "why-ran", found["root_id"], "doubled[2]")
    assert place("why-ran", "load").startswith("load in run:") and "found in the cache" in place("why-ran", "load")
    assert "8 items of doubled" in place("why-ran", "total")
    place("why-ran", "nothing", code=4)


def test_going_on_after_a_change_of_code_says_what_is_kept_and_what_is_not_before_it_starts(place):
    place("run", "changing_flow.py:sums", "--param", "factor=13", code=1)
    run_id = place.json("pipelines", "list")["runs"][0]["id"]
    place.edit("changing_flow.py", "x == 3 and", "x == 300 and")
    planned = {one["key"]: one for one in place.json("pipelines", "resume", run_id, "--plan")}
    assert planned["load"] == {**planned["load"], "kept": True, "code_changed": False}
    assert planned["doubled[1]"]["says"] == "ended well, is not run again; its code changed since"
    assert planned["doubled[3]"]["says"] == "failed, runs, with the code as it is now"
    assert not planned["total"]["kept"]
    place("pipelines", "resume", run_id)
    steps = {one["key"]: one for one in place.json("pipelines", "show", run_id)["nodes"]}
    assert steps["doubled[1]"]["attempts"] == 1 and steps["doubled[3]"]["attempts"] == 2
    assert {one["state"] for one in steps.values()} == {"finished"}
