"""The format on disk is what docs/format.md says: the golden store is read by Tenfold, and by a reader that is none of it."""

from __future__ import annotations

import json
import os
import random
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.stores.blobs import chunks, open_blobs

GOLDEN = Path(__file__).parents[2] / "golden" / "store-1"
GOLDEN_2 = GOLDEN.with_name("store-2")
TREE_2 = "f533e216083a1d16b4624ac5632c413f02eed88eda75b0541d1d0706d0cf7988"
TREE = "68379d250178f2770ccf19bc37b6d3857384252eb6c638c7af9890bdbe9b9248"
AFTER_SEGMENT = "251d61068bf5a8de7b999a9f49753144fff1726f772362574ffba24cdb33abb4"
NOISE = random.Random(1).randbytes(900_000)
CONTENT = {
    "folder/deep/noise.bin": NOISE,
    "folder/words.txt": b"the same words again\n" * 500,
    "hello.txt": b"hello\n",
    "link": b"folder/words.txt",
    "nothing": b"",
    "run.sh": b"#!/bin/sh\n",
}
MTIME_NS = 1_700_000_000_123_456_789


def stranger(*words: str) -> Any:
    """What the reader made from docs/format.md alone says, in a process that has none of Tenfold."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("stranger.py")), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def looks(folder: Path) -> dict[str, tuple[str, bytes, int]]:
    """{path: (kind, content, mtime)} of everything below a folder."""
    found = {}
    for path in folder.rglob("*"):
        name, info = str(path.relative_to(folder)), path.lstat()
        if path.is_symlink():
            found[name] = ("symlink", os.fsencode(path.readlink()), info.st_mtime_ns)
        elif path.is_dir():
            found[name] = ("folder", b"", 0)
        else:
            found[name] = ("program" if info.st_mode & 0o100 else "file", path.read_bytes(), info.st_mtime_ns)
    return found


def test_a_stranger_reads_the_golden_store(tmp_path: Path) -> None:
    assert stranger(str(GOLDEN), "check")["objects"]["recipe"] == 1
    stranger(str(GOLDEN), "restore", TREE, str(tmp_path / "out"))
    found = looks(tmp_path / "out")
    assert {path: content for path, (kind, content, _) in found.items() if kind != "folder"} == CONTENT
    assert {path for path, (kind, *_) in found.items() if kind == "folder"} == {"empty", "folder", "folder/deep"}
    assert (found["run.sh"][0], found["link"][0]) == ("program", "symlink")
    assert {mtime for kind, _, mtime in found.values() if kind != "folder"} == {MTIME_NS}


def test_a_stranger_and_every_revision_read_the_second_golden_store_with_every_feature(tmp_path: Path) -> None:
    (tmp_path / "wanted").mkdir()
    runpy.run_path(str(GOLDEN_2.parent / "make_store_2.py"))["fill"](tmp_path / "wanted")
    found = stranger(str(GOLDEN_2), "check")
    assert found == {
        "objects": {"chunk": 23, "recipe": 2, "node": 24, "times": 3},
        "twice": 2,
        "codecs": [0, 1],
        "packs": 5,
        "segments": 1,
        "pinned": [TREE_2],
        "sessions": [1_795_000_000_000],
        "trash": [[["01M84MTH4V7CQQT55TQHY9S3P2"], 1], [[], 0]],
    }
    stranger(str(GOLDEN_2), "restore", TREE_2, str(tmp_path / "strange"))
    shutil.copytree(GOLDEN_2, tmp_path / "objects")
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert blobs.checkout(TREE_2, tmp_path / "ours") == 5013
    wanted = set(looks(tmp_path / "wanted").items())
    assert set(looks(tmp_path / "strange").items()) ^ wanted == set()
    assert set(looks(tmp_path / "ours").items()) ^ wanted == set()
    assert blobs.put_folder(tmp_path / "wanted").digest == TREE_2
    assert blobs.verify() == []
    blobs.collect([TREE_2], grace_ms=0)
    assert open_blobs(tmp_path / "objects", tmp_path / "cache").verify() == []


def test_every_revision_reads_the_golden_store_and_stores_the_same_content_under_the_same_ids(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "objects")
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert {e.path: blobs.get_bytes(e.digest) for e in blobs.entries(TREE) if e.kind != "folder"} == CONTENT
    assert {e.mtime_ns for e in blobs.entries(TREE) if e.kind != "folder"} == {MTIME_NS}
    assert blobs.get_bytes(AFTER_SEGMENT) == b"written after the segment"
    assert blobs.verify() == []
    size = blobs.size()
    assert blobs.checkout(TREE, tmp_path / "out") == 6
    found, differences = blobs.diff_folder(TREE, tmp_path / "out")
    assert (found.digest, differences) == (TREE, [])
    assert blobs.put_folder(tmp_path / "out").digest == TREE
    pins = (tmp_path / "objects" / "pins").glob("*")
    assert blobs.size()[1] - sum(path.stat().st_size for path in pins) == size[1]
    fresh = open_blobs(tmp_path / "fresh", tmp_path / "cache-2")
    assert fresh.put_folder(tmp_path / "out").digest == TREE


def test_a_stranger_reads_what_is_written_today(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    made = blobs.place_to_make() / "made"
    made.write_bytes(NOISE * 4)
    entry = blobs.put_made(made)
    tree = blobs.put_tree({f"d{n % 7}/f{n}": b"%d" % n * n for n in range(300)} | {"large": NOISE * 3, "made": entry})
    blobs.collect([tree.digest], grace_ms=0)
    assert stranger(str(tmp_path / "objects"), "check")["objects"]["recipe"] == 2
    stranger(str(tmp_path / "objects"), "restore", tree.digest, str(tmp_path / "out"))
    found = {path: content for path, (kind, content, _) in looks(tmp_path / "out").items() if kind != "folder"}
    assert found == {f"d{n % 7}/f{n}": b"%d" % n * n for n in range(300)} | {"large": NOISE * 3, "made": NOISE * 4}


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 1_048_576, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_a_stream_is_cut_where_the_same_bytes_in_memory_are(size: int, tmp_path: Path) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / "f").write_bytes(data)
    with (tmp_path / "f").open("rb", buffering=0) as source:
        streamed = [bytes(chunk) for chunk in chunks.cut_stream(source)]
    assert streamed == [bytes(chunk) for chunk in chunks.cut_bytes(data) if len(chunk)]
    assert b"".join(streamed) == data
    if size > chunks.SMALL:
        assert all(chunks.MIN <= len(chunk) <= chunks.MAX for chunk in streamed[:-1])


paths = st.lists(st.sampled_from(["a", "b", "a-b", "ä", "c.txt", "z"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(paths, st.binary(max_size=300), max_size=12))
def test_any_tree_goes_round(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {p: c for p, c in files.items() if not any(q.startswith(f"{p}/") for q in files)}
    top = tmp_path_factory.mktemp("any")
    blobs = open_blobs(top / "objects", top / "cache")
    tree = blobs.put_tree(files)
    assert {e.path: blobs.get_bytes(e.digest) for e in blobs.entries(tree.digest)} == files
    assert [e.path for e in blobs.entries(tree.digest)] == sorted(files)
    assert blobs.checkout(tree.digest, top / "out") == len(files)
    assert blobs.diff_folder(tree.digest, top / "out") == (tree, [])
    assert (tree.files, tree.size_bytes) == (len(files), sum(map(len, files.values())))
