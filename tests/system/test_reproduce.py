"""A run is done again from its commit, changes, data and arguments, by the real command, git and uv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import tenfold
from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.records import Run
from tenfold.workspace import Workspace, open_workspace

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
SCRIPT = """
import sys
import tenfold
from lib import scale
from new_part import offset

with tenfold.run("p", name="before", capture=()):
    pass
with tenfold.run("p", name="training") as run:
    value = float(run.use("data:numbers@main").path("n.txt").read_text())
    run.log({"loss": scale * value * float(sys.argv[1]) + offset, "steps": 3})
    print("trained with", sys.argv[1:])
"""


def git(folder: Path, *words: str) -> None:
    subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)


def commit_number(place: Workspace, number: str) -> None:
    folder = place.folder.parent / "numbers"
    folder.mkdir(exist_ok=True)
    (folder / "n.txt").write_text(number)
    tenfold.use(place)
    tenfold.dataset("numbers").commit(folder, message=number)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    monkeypatch.chdir(tmp_path)
    return open_workspace(str(tmp_path / ".tenfold"))


@pytest.fixture
def repository(tmp_path: Path, place: Workspace) -> Path:
    folder = tmp_path / "code"
    (folder / "sub").mkdir(parents=True)
    (folder / "train.py").write_text(SCRIPT)
    (folder / "lib.py").write_text("scale = 1\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "lib.py").write_text("scale = 2\n")
    (folder / "new_part.py").write_text("offset = 0.5\n")
    commit_number(place, "10")
    return folder


def start(repository: Path, place: Workspace, *words: str) -> Run:
    """A first run of the script, and everything changed since."""
    done = subprocess.run(
        [sys.executable, *words], cwd=repository, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "TENFOLD_STORE": place.location.store},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (repository / "lib.py").write_text("scale = 3\n")
    (repository / "new_part.py").write_text("offset = 9\n")
    commit_number(place, "20")
    (run,) = tenfold.Client(place).runs("name = 'training'").items
    return run


def again(place: Workspace, repository: Path, *words: str) -> tuple[int, dict[str, object], str]:
    done = subprocess.run(
        [sys.executable, "-m", "tenfold", "--store", place.location.store, "reproduce", "--json", "--repository", str(repository), *words],
        capture_output=True, text=True, timeout=120, check=False, cwd=repository.parent,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def test_a_run_is_done_again_as_it_was(repository: Path, place: Workspace) -> None:
    then = start(repository, place, "train.py", "3")
    assert then.metrics["loss"].last == 60.5
    code, found, said = again(place, repository, "--here", then.id)
    assert code == 0, said
    assert "trained with ['3']" in said
    assert [(row["key"], row["then"], row["now"], row["within"]) for row in found["metrics"]] == [  # type: ignore[attr-defined,index]
        ("loss", 60.5, 60.5, True), ("steps", 3.0, 3.0, True),
    ]  # fmt: skip
    now = tenfold.Client(place).run(str(found["run_id"]))
    assert (now.tags["reproduces"], now.state, now.id != then.id) == (then.id, "finished", True)
    assert tenfold.Client(place).used(now.id) == {"data:numbers@v1"}
    assert now.code is not None and then.code is not None
    assert (now.code.commit, now.code.entry_point) == (then.code.commit, "train.py")
    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    assert listed.count("\n") == 1, "the work tree is gone"


def test_another_outcome_is_shown_and_ends_with_3(repository: Path, place: Workspace, tmp_path: Path) -> None:
    then = start(repository, place, "-m", "tenfold", "run", "train.py", "3")
    code, found, said = again(
        place,
        repository,
        "--here",
        "--folder",
        str(tmp_path / "kept"),
        "--tolerance",
        "1e-3",
        "--tolerance",
        "loss=0.1",
        then.id,
        "--",
        "4",
    )
    assert code == 3 and "is not as run" in said
    loss, steps = found["metrics"]  # type: ignore[misc]
    assert (loss["now"], loss["tolerance"], loss["within"], steps["within"]) == (80.5, 0.1, False, True)
    assert loss["difference"] == pytest.approx(20 / 80.5)
    assert (tmp_path / "kept" / "new_part.py").read_text() == "offset = 0.5\n"
    assert (tmp_path / "kept" / "lib.py").read_text() == "scale = 2\n"


def test_an_environment_is_made_of_the_packages_of_then(repository: Path, place: Workspace, tmp_path: Path) -> None:
    """The run's own packages would be some hundred: here a wheel of the test, and Tenfold by a path file."""
    wheel = tmp_path / "tiny_part-1.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_part.py", "size = 7\n")
        archive.writestr("tiny_part-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-part\nVersion: 1.5\n")
        archive.writestr(
            "tiny_part-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_part-1.5.dist-info/RECORD", "")
    (repository / "train.py").write_text(
        f"import sys\nsys.path += [{sysconfig.get_paths()['purelib']!r}, {str(Path(tenfold.__file__).parents[1])!r}]\n"
        "import tenfold, tiny_part\n"
        "with tenfold.run('p', name='training') as run:\n    run.log({'size': tiny_part.size})\n"
    )
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--offline",
            "--python",
            str(folder / "bin/python"),
            str(wheel),
        ],
        check=True,
    )
    done = subprocess.run(
        [str(folder / "bin/python"), "train.py"], cwd=repository, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "TENFOLD_STORE": place.location.store},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    client = tenfold.Client(place)
    (then,) = client.runs("name = 'training'").items
    assert then.environment["package_sources"]["tiny-part"]["url"] == wheel.as_uri()
    only = {name: version for name, version in then.environment["packages"].items() if name == "tiny-part"}
    from tenfold.records import RunChange

    client.stores.runs.update(then.id, RunChange(environment={"packages": only}))
    code, found, said = again(place, repository, "--python", sys.executable, then.id)
    assert code == 0, said
    assert found["metrics"][0]["now"] == 7.0  # type: ignore[index]
    now = client.run(str(found["run_id"]))
    assert now.environment["executable"] not in (sys.executable, then.environment["executable"])


def test_what_cannot_be_done_again_says_why(repository: Path, place: Workspace, tmp_path: Path) -> None:
    key = "q1w2e3r4t5y6"
    (repository / "new_part.py").write_text(f'offset = 0.5\napi_key = "{key}"\n')
    client = tenfold.Client(place)
    then = start(repository, place, "train.py", "3", "--token", "abc")
    with pytest.raises(Invalid, match=r"new_part\.py:2.*--inexact"):
        client.reproduce(then.id, here=True)
    with pytest.raises(Invalid, match="Give all arguments after --"):
        client.reproduce(then.id, here=True, inexact=True)
    with pytest.raises(Invalid, match="No repository here has the commit"):
        client.reproduce(then.id, here=True, inexact=True, arguments=["3"], repository=tmp_path)
    tenfold.dataset("numbers").delete("v1")
    with pytest.raises(VersionNotFound, match=r"data:numbers@v1.*bin"):
        client.reproduce(then.id, here=True, inexact=True, arguments=["3"])
    tenfold.dataset("numbers").restore(1)
    assert client.reproduce(then.id, here=True, inexact=True, arguments=["3"]).within, "the secret was not used"
    with tenfold.run("p", capture=()) as bare:
        pass
    with pytest.raises(Invalid, match="no git commit"):
        client.reproduce(bare.id)
