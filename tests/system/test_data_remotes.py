"""Remotes as people type them: two desks and a folder, git beside; and a real S3 API server, also behind a bad connection."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from shell import Shell
from strange_servers import helper

from tenfold.base.errors import Invalid, NotFound, Unavailable
from tenfold.contracts import Stores
from tenfold.data import Dataset
from tenfold.data.remotes import BucketHome, collect, pull, push
from tenfold.stores.blobs import open_blobs, transfer
from tenfold.testing.stores import memory_stores
from tenfold.workspace.remotes import add_remote, find_remote, list_remotes, remove_remote, set_default_remote


@pytest.fixture(autouse=True)
def plain_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STORE", "BLOBS", "TOKEN", "PROJECT", "LINK", "REMOTE"):
        monkeypatch.delenv(f"TENFOLD_{name}", raising=False)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))


class Desk:
    """A folder with a git repository and a store of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch

    def __call__(self, line: str, *, code: int = 0) -> str:
        self._monkeypatch.chdir(self.folder)
        if line.startswith("tenfold "):
            given, out, err = Shell(self.folder)(*shlex.split(line)[1:])
        else:
            done = subprocess.run(line, shell=True, cwd=self.folder, capture_output=True, text=True, check=False)
            given, out, err = done.returncode, done.stdout, done.stderr
        assert given == code, f"{line}: {given}\n{out}{err}"
        return out + err

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / "raw").mkdir(exist_ok=True)
            (self.folder / "raw" / name).write_text(text)

    def texts(self, folder: str = "raw") -> dict[str, str]:
        top = self.folder / folder
        return {str(path.relative_to(top)): path.read_text() for path in sorted(top.rglob("*")) if path.is_file()}


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (tmp_path / "ada").mkdir()
    desk = Desk(tmp_path / "ada", monkeypatch)
    desk("git init -q -b main")
    desk("tenfold init --git")
    desk(f"tenfold data remote add hub {tmp_path / 'hub'}")
    desk.write(a="1", b="2")
    desk('tenfold data add raw -m "first"')
    desk("git add -A")
    desk("git commit -qm data")
    return desk


def clone_of(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk(f"git clone -q {desk.folder} ../{name}")
    return Desk(desk.folder.parent / name, monkeypatch)


def test_after_git_clone_a_pull_gives_the_data_that_the_pointers_name(
    ada: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "main would go to hub: 1 versions, 2 files" in ada("tenfold data push --dry-run")
    assert "main went to hub: 1 versions, 2 files" in ada("tenfold data push")
    assert "hub has all of it" in ada("tenfold data push")
    bob = clone_of(ada, "bob", monkeypatch)
    assert "2 files written" in bob("tenfold data pull")
    assert bob.texts() == {"a": "1", "b": "2"}
    assert "clean" in bob("tenfold data status")
    bob.write(c="3")
    bob('tenfold data commit -m "bob adds c"')
    bob("tenfold data push")
    bob("git commit -qam c")
    ada("git pull -q ../bob main")
    ada("tenfold data pull")
    assert ada.texts() == {"a": "1", "b": "2", "c": "3"}
    log = json.loads(ada("tenfold data log raw --json"))
    assert [version["message"] for version in log] == ["bob adds c", "first"]


def test_who_pushes_second_is_told_what_to_type_and_it_works(ada: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada("tenfold data push")
    bob = clone_of(ada, "bob", monkeypatch)
    bob("tenfold data pull")
    ada.write(ada="x")
    ada("tenfold data commit -m ada")
    ada("tenfold data push")
    bob.write(bob="y")
    bob("tenfold data commit -m bob")
    said = bob("tenfold data push", code=1)
    assert "tenfold data fetch raw --remote hub" in said and "tenfold data merge raw hub.main" in said
    bob("tenfold data fetch raw --remote hub")
    bob("tenfold data merge raw hub.main")
    assert bob.texts() == {"a": "1", "b": "2", "ada": "x", "bob": "y"}
    bob("tenfold data push")
    assert "main moved forward" in ada("tenfold data pull raw")


def test_pull_does_not_overwrite_what_is_in_no_version(ada: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada("tenfold data push")
    bob = clone_of(ada, "bob", monkeypatch)
    bob.write(a="precious")
    bob("tenfold data pull", code=1)
    assert bob.texts()["a"] == "precious"
    bob("tenfold data pull --force")
    assert bob.texts() == {"a": "1", "b": "2"}


def test_clone_and_parts_by_name(ada: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ada.folder / "raw" / "deep").mkdir()
    (ada.folder / "raw" / "deep" / "x.csv").write_text("x")
    ada("tenfold data commit -m deep")
    ada("tenfold data push")
    (tmp_path / "eve").mkdir()
    eve = Desk(tmp_path / "eve", monkeypatch)
    assert "raw" in eve(f"tenfold data list --remote {tmp_path / 'hub'}")
    assert "deep/x.csv" in eve(f"tenfold data ls raw --remote {tmp_path / 'hub'}")
    eve(f"tenfold data get 'raw@main/**/*.csv' --remote {tmp_path / 'hub'} -o part")
    assert eve.texts("part") == {"deep/x.csv": "x"}
    assert json.loads(eve("tenfold data list --json")) == []
    eve(f"tenfold data clone {tmp_path / 'hub'} raw --path copy")
    assert eve.texts("copy") == ada.texts()
    assert "clean" in eve("tenfold data status copy")
    eve(f"tenfold data clone {tmp_path / 'hub'} raw --path copy", code=1)
    eve("tenfold data push nothing", code=4)


def test_what_nobody_names_waits_for_the_grace_and_can_be_brought_back(
    ada: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada("tenfold data branch raw old")
    ada.write(c="3")
    ada("tenfold data commit -m c")
    ada("tenfold data push")
    (tmp_path / "eve").mkdir()
    eve = Desk(tmp_path / "eve", monkeypatch)
    hub = f"--remote {tmp_path / 'hub'}"
    eve(f"tenfold data remote forget raw {hub}")
    kept = eve(f"tenfold data remote gc --grace-days 0 {hub}")
    assert "0 versions removed, 0 dead" in kept and "kept   2 versions by the repository of" in kept
    for path in (tmp_path / "hub" / "roots").rglob("*"):
        if path.is_file():
            path.unlink()  # as if that repository had gone
    waiting = json.loads(eve(f"tenfold data remote gc --json {hub}"))
    assert (len(waiting["dead"]), len(waiting["gone"])) == (2, 0)
    ada("tenfold data push --branch old")
    assert len(json.loads(eve(f"tenfold data remote gc --json --dry-run {hub}"))["dead"]) == 0
    ada("tenfold data remote forget raw --branch old")
    for path in (tmp_path / "hub" / "roots").rglob("*"):
        if path.is_file():
            path.unlink()
    gone = json.loads(eve(f"tenfold data remote gc --json --grace-days 0 {hub}"))
    assert len(gone["gone"]) == 2 and gone["objects"] > 0
    assert not list((tmp_path / "hub" / "packs").iterdir())
    ada("tenfold data push")
    eve(f"tenfold data clone {tmp_path / 'hub'} raw")
    assert eve.texts() == ada.texts()


def test_remotes_are_lines_of_tenfold_toml_and_never_hold_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "tenfold.toml"
    file.write_text('# ours\nproject = "p"\n\n[executors.slurm]\nqueue = "long"\n')
    add_remote("origin", "s3://bucket/prefix")
    assert [(one.name, one.is_default) for one in list_remotes()] == [("origin", True)]
    add_remote("hub", "../hub")
    with pytest.raises(NotFound, match="Which remote is meant"):
        find_remote()
    set_default_remote("hub")
    assert find_remote().url == str(tmp_path / ".." / "hub")
    set_default_remote("origin")
    add_remote("origin", "gs://other")
    assert file.read_text() == (
        'remote = "origin"\n# ours\nproject = "p"\n\n[executors.slurm]\nqueue = "long"\n\n'
        f'[remotes]\nhub = "{tmp_path / ".." / "hub"}"\norigin = "gs://other"\n'
    )
    remove_remote("hub")
    assert [one.name for one in list_remotes()] == ["origin"]
    for url in ("s3://key:secret@bucket", "https://ada:pw@server", "ftp://host/x", "s3://"):
        with pytest.raises(Invalid):
            add_remote("bad", url)
    assert "bad" not in file.read_text()


def bucket_home(url: str, cache: Path) -> BucketHome:
    return BucketHome(url, open_blobs(url, cache), cache)


def contents(stores: Stores, name: str) -> dict[str, bytes]:
    return {entry.path: stores.blobs.get_bytes(entry.digest) for entry in Dataset(stores, name).files("main")}


def some_files() -> dict[str, str | Path | bytes]:
    import random

    rng = random.Random(9)
    return {f"d{n % 5}/f{n}": rng.randbytes(2_000) for n in range(120)} | {"large": rng.randbytes(900_000)}


def test_a_bucket_alone_is_a_shared_home(keys: str, tmp_path: Path) -> None:
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    push(ada, bucket_home(keys, tmp_path / "c1"), "a", remote="origin")
    assert push(ada, bucket_home(keys, tmp_path / "c2"), "a", remote="origin").refs == []
    home = bucket_home(keys, tmp_path / "c3")
    assert home.datasets() == ["a"]
    pull(bob, home, "a", remote="origin")
    assert contents(bob, "a") == contents(ada, "a")
    assert home.blobs.verify() == []
    stale = home.look("a")
    Dataset(bob, "a").commit({"more": b"1"}, add=True)
    push(bob, home, "a", remote="origin")
    assert not home.blobs.medium.put_new(f"heads/a/{stale.generation + 1:012d}", b"late")
    seen = home.look("a")
    home.publish(seen, [], dict.fromkeys(seen.refs))
    waiting = collect(home, grace_ms=3_600_000)
    assert (len(waiting.dead), len(waiting.gone)) == (2, 0)
    push(bob, home, "a", remote="origin", refs=["main"])
    assert collect(home, grace_ms=0).gone == []  # a push brought them back
    home.publish(home.look("a"), [], {"main": None})
    assert len(collect(home, grace_ms=0).gone) == 2 and home.blobs.medium.scan("packs/") == []
    push(bob, home, "a", remote="origin", refs=["main"])
    assert home.blobs.verify() == []


def test_every_third_request_lost_and_a_push_and_pull_still_end_whole(
    s3: int, keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PACK_BYTES", 200_000)
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    with helper("dropping", str(s3), "3") as (url, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        push(ada, bucket_home(keys, tmp_path / "c1"), "a", remote="origin")
        pull(bob, bucket_home(keys, tmp_path / "c2"), "a", remote="origin")
        proxy.terminate()
        assert proxy.communicate()[0].count("dropped") > 5
    assert contents(bob, "a") == contents(ada, "a")


def test_a_folder_behind_any_web_server_can_be_read_without_listing(tmp_path: Path) -> None:
    ada, bob = memory_stores(), memory_stores()
    Dataset(ada, "a").commit(some_files())
    Dataset(ada, "b").commit(some_files())
    push(ada, bucket_home(str(tmp_path / "hub"), tmp_path / "c1"), "a", remote="origin")

    with helper("static", str(tmp_path / "hub")) as (url, _):
        home = bucket_home(f"static+{url}", tmp_path / "c2")
        assert home.datasets() == ["a"]
        pull(bob, home, "a", remote="web")
        with pytest.raises(Unavailable):
            push(ada, bucket_home(f"static+{url}", tmp_path / "c3"), "b", remote="web")
    assert contents(bob, "a") == contents(ada, "a")
