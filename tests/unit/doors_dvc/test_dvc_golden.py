"""A repository that the real dvc left (tests/golden/dvc): read as it is, and made again to the byte, without any dvc."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.checking_out import checkout
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.stages.reproducing import reproduce
from tenfold.doors.dvc.transfer import pull, push

GOLDEN = Path(__file__).parents[2] / "golden/dvc/repo.tar.gz"
TRACKED = ["data", "it's", "1e5", "run.sh"]


def _files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """{path: (bytes, whether it may be written to)}: objects of a cache may not."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o222))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", "tmp"} & {*path.relative_to(folder).parts}
    }


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELL", "/bin/sh")
    for variable in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    with tarfile.open(GOLDEN) as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    return tmp_path / "repo"


def test_what_dvc_left_is_clean_and_comes_back_from_its_cache_and_its_remote(root: Path) -> None:
    before = _files(root)
    assert status(open_repo(root)) == {}
    for forget_cache in (False, True):
        for name in [*TRACKED, "out", "each_x", "g_a-n1", "p.csv"]:
            shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()
        if forget_cache:
            shutil.rmtree(root / ".dvc/cache/files")
            pull(open_repo(root))
        else:
            checkout(open_repo(root))
        only_runs_know = "86/a65ed3373c46b730549df69e376ccb"  # m.json is not cached as an output, so it is not pulled
        assert _files(root) == {
            name: found
            for name, found in before.items()
            if name != "data/left.tmp" and not (forget_cache and name.endswith(only_runs_know))
        }
        assert status(open_repo(root)) == {}


def test_made_again_it_is_the_same_to_the_byte(root: Path) -> None:
    before, remote = _files(root), _files(root.parent / "remote")
    shutil.rmtree(root / ".dvc/cache")
    shutil.rmtree(root.parent / "remote")
    for path in [*root.glob("?*.dvc"), root / "dvc.lock", root / ".gitignore"]:
        path.unlink()
    for name in ("each_x", "each_y", "p.csv", "m.json"):
        (root / name).unlink()
    add(open_repo(root), TRACKED)
    reproduce(open_repo(root))
    push(open_repo(root))
    assert _files(root).keys() == before.keys()
    assert {name for name, found in _files(root).items() if found != before[name]} == set()
    assert _files(root.parent / "remote") == remote
