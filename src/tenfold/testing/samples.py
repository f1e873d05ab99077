"""Bytes and folders that the suites of blob stores put in."""

from __future__ import annotations

import random
from pathlib import Path

LARGE = 3_000_000


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same each time."""
    return random.Random(seed).randbytes(size)


def make_folder(folder: Path) -> Path:
    """A folder with all that a tree can hold."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a" / "one.txt").write_bytes(b"one")
    (folder / "a" / "b" / "large.bin").write_bytes(noise(LARGE))
    (folder / "a-b.txt").write_bytes(b"sorts between a and a/")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "nothing").write_bytes(b"")
    (folder / "link").symlink_to("a/one.txt")
    (folder / "ümlaut 漢字.txt").write_bytes(b"names")
    return folder
