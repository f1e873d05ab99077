"""Made `store-2`, on 23 November 2026, with every feature the format had then. Kept to say what is in it; a later revision
makes another one (store-3) beside it and never this one again.

    python tests/golden/make_store_2.py FOLDER
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

from blake3 import blake3

from tenfold.stores.blobs import open_blobs, pins, upload
from tenfold.stores.blobs.index import encode_trash

MTIME_NS = 1_700_000_000_123_456_789


def fill(folder: Path) -> None:
    """What the tree of store-2 holds."""
    rng = random.Random(2)
    (folder / "nothing").write_bytes(b"")
    (folder / "words.txt").write_bytes(b"the same words again\n" * 5000)
    (folder / "numbers.csv").write_bytes(b"".join(b"%08d,0000000000\n" % n for n in range(100_000)))
    (folder / "noise.bin").write_bytes(rng.randbytes(300_000))
    (folder / "limit.bin").write_bytes(b"x" * 262_144)
    (folder / "above.bin").write_bytes(b"x" * 262_145)
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "Ä ö 漢字 🙂.txt").write_bytes(b"Zeichen\n")
    (folder / "Case").write_bytes(b"upper")
    (folder / "case").write_bytes(b"lower")
    (folder / "inside").symlink_to("words.txt")
    (folder / "outside").symlink_to("../../elsewhere")
    (folder / "empty" / "folder").mkdir(parents=True)
    deep = folder.joinpath(*(f"level {n}" for n in range(20)))
    deep.mkdir(parents=True)
    (deep / "bottom").write_bytes(b"deep")
    (folder / "many").mkdir()
    for number in range(5000):  # the node of this folder is larger than any chunk
        (folder / "many" / f"{number:05} {'n' * 210}").write_bytes(b"")
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            os.utime(path, ns=(MTIME_NS, MTIME_NS), follow_symlinks=False)


def make(objects: Path) -> str:
    """Write the store; gives the tree."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        fill(source)
        blobs = open_blobs(objects, Path(scratch) / "cache")
        vars(upload)["TARGET_BYTES"] = 200_000  # several packs
        tree = blobs.put_folder(source).digest
        blobs.put_bytes(b"nothing names this")
        blobs.collect([tree], grace_ms=0)
        gone = blobs.put_bytes(b"in a segment, of a pack that is gone")
        blobs.index.consolidate(force=True)
        place = blobs.index.find(bytes.fromhex(gone))
        assert place is not None
        blobs.medium.delete(f"packs/{place.pack}")
        blobs = open_blobs(objects, Path(scratch) / "cache")
        blobs.put_bytes(b"behind the segment")
        blobs.put_tree({"once": b"in two packs"})
        twice = next(place.pack for key, place in blobs.index.all() if key == blake3(b"in two packs").digest())
        pack = objects / "packs" / twice
        (pack.parent / f"{twice[:-1]}{'0' if twice[-1] != '0' else '1'}").write_bytes(pack.read_bytes())
        pins.write_pin(blobs.medium, [bytes.fromhex(tree)])
        pins.write_session(blobs.medium, "01M84M605N2DK89R74WRQ3RGWD", 1_795_000_000_000)
        blobs.medium.put("trash/01M84M605N2DK89R74WRQ3RGWD", encode_trash({twice}, {bytes.fromhex(gone)}))
    return tree


if __name__ == "__main__":
    sys.stdout.write(f"{make(Path(sys.argv[1]))}\n")
