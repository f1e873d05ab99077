"""kill -9 of writers and collectors at random instants: what was returned is there, and nothing is torn."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from blake3 import blake3

from tenfold.stores.blobs import PackedBlobs, open_blobs

pytestmark = pytest.mark.crash
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "2"))

WRITER = """
import os, random, sys
from pathlib import Path
from tenfold.stores.blobs import open_blobs, upload
upload.TARGET_BYTES = 300_000  # several packs an upload, so that a kill falls between them too
top, seed = Path(sys.argv[1]), int(sys.argv[2])
blobs = open_blobs(top / "objects", top / "cache")
source = top / f"source-{seed}"
source.mkdir()
rng = random.Random(seed)
print("ready", flush=True)
while True:
    for number in range(12):
        path = source / f"d{number % 3}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(rng.randbytes(rng.choice([10, 4_000, 100_000, 700_000])))
    print(blobs.put_folder(source).digest, flush=True)
    print(blobs.put_bytes(rng.randbytes(500)), flush=True)
"""

COLLECTOR = """
import sys
from pathlib import Path
from tenfold.stores.blobs import open_blobs
top = Path(sys.argv[1])
keep = (top / "keep").read_text().split()
print("ready", flush=True)
open_blobs(top / "objects", top / "cache").collect(keep, grace_ms=0)
print("done", flush=True)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], seconds: float, *, least: int = 0) -> list[str]:
    """Kill -9 some time after it is ready and has said `least` lines; gives the whole lines it had said."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(1 + least)]
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and process.poll() is None:
        if select.select([process.stdout], [], [], left)[0]:
            line = process.stdout.readline()
            if not line:
                break
            lines.append(line)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    lines += rest.splitlines(keepends=True)
    return [line.strip() for line in lines[1:] if line.endswith("\n")]


def check_all(blobs: PackedBlobs, trees: list[str], contents: list[str]) -> None:
    for tree in trees:
        for entry in blobs.entries(tree):
            assert len(blobs.get_bytes(entry.digest)) == entry.size_bytes
    for content in contents:
        assert len(blobs.get_bytes(content)) == 500
    assert blobs.verify() == []


def test_all_that_was_returned_survives_the_kill_of_its_writers(tmp_path: Path) -> None:
    rng = random.Random(5)
    said: list[str] = []
    for turn in range(6):
        writers = [start(WRITER, str(tmp_path), str(2 * turn + number)) for number in range(2)]
        for writer in writers:
            said += kill_after(writer, rng.uniform(0, 0.25), least=0 if turn % 2 else 2)
    assert len(said) >= 6
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
    there = blobs.has(said)
    assert there == set(said)
    trees = [digest for digest in said if _is_tree(blobs, digest)]
    check_all(blobs, trees, [digest for digest in said if digest not in trees])


def test_leftovers_of_killed_writers_go_with_the_next_collection(tmp_path: Path) -> None:
    rng = random.Random(6)
    said: list[str] = []
    for turn in range(4):
        said += kill_after(start(WRITER, str(tmp_path), str(turn)), rng.uniform(0, 0.1), least=1)
    (tmp_path / "objects" / "tmp" / "left").write_bytes(b"half a pack")
    for path in (tmp_path / "objects" / "tmp").iterdir():
        os.utime(path, (1, 1))
    for path in (tmp_path / "objects" / "sessions").glob("*"):
        os.utime(path, (1, 1))
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
    before = blobs.size()[1]
    blobs.collect(said[:1], grace_ms=0)
    assert list((tmp_path / "objects" / "tmp").iterdir()) == []
    assert list((tmp_path / "objects" / "sessions").glob("*")) == []
    assert blobs.size()[1] < before
    check_all(blobs, said[:1], [])


def test_a_killed_collection_takes_nothing_that_is_kept_and_the_next_one_ends_it(tmp_path: Path) -> None:
    rng = random.Random(7)
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    kept: list[str] = []
    for _turn in range(8):
        for number in range(30):
            tree = blobs.put_tree({"a": rng.randbytes(3_000), "b/c": rng.randbytes(rng.choice([100, 400_000]))})
            if number % 3 == 0:
                kept.append(tree.digest)
        (tmp_path / "keep").write_text("\n".join(kept))
        kill_after(start(COLLECTOR, str(tmp_path)), rng.uniform(0, 0.06))
        check_all(open_blobs(tmp_path / "objects", tmp_path / "cache"), kept, [])
    blobs.collect(kept, grace_ms=0)
    fresh = open_blobs(tmp_path / "objects", tmp_path / "cache-3")
    check_all(fresh, kept, [])
    assert fresh.collect(kept, grace_ms=0, dry_run=True) == (0, 0)


NAMING_WRITER = """
import sys, time
from pathlib import Path
from tenfold.base.files import write_atomic
from tenfold.stores.blobs import open_blobs, pins
pins.FRESH_MS = -1  # here a second is what ten minutes are elsewhere: nothing is so young that it needs no pin
pins.PIN_MS = 0  # nor is a pin of its own that this process may still count on
top, seed = Path(sys.argv[1]), sys.argv[2]
blobs = open_blobs(top / "objects", top / "cache")
print("ready", flush=True)
named, turn, until = [], 0, time.monotonic() + 2.5
while time.monotonic() < until:
    turn += 1
    tree = blobs.put_tree({f"f{n}": b"%d" % ((n * 7 + turn) % 400) * 900 for n in range(10)}).digest
    named = [*named[-1:], tree]
    write_atomic(top / f"named-{seed}", " ".join(named).encode(), durable=False)
    for tree in named:
        assert all(blobs.get_bytes(entry.digest) for entry in blobs.entries(tree))
print(turn, flush=True)
"""

AGEING_COLLECTOR = """
import os, sys, time
from pathlib import Path
from tenfold.stores.blobs import open_blobs
top = Path(sys.argv[1])
blobs = open_blobs(top / "objects", top / "cache")
print("ready", flush=True)
freed, until = 0, time.monotonic() + 2.5
while time.monotonic() < until:
    for path in [*(top / "objects" / "packs").glob("*"), *(top / "objects" / "pins").glob("*")]:
        try:
            if path.stat().st_mtime < time.time() - 1:
                os.utime(path, (1, 1))
        except FileNotFoundError:
            pass
    keep = [digest for path in top.glob("named-*") for digest in path.read_text().split()]
    freed += blobs.collect(keep, grace_ms=3_600_000)[0]
print(freed, flush=True)
"""


def test_writers_and_collectors_at_once_lose_nothing_that_is_named(tmp_path: Path) -> None:
    """Two processes name content that two others collect whenever its name is gone; the writers read all they name."""
    seeded = open_blobs(tmp_path / "objects", tmp_path / "cache")
    for number in range(0, 400, 20):
        seeded.put_tree({str(n): b"%d" % n * 900 for n in range(number, number + 20)})
    for path in (tmp_path / "objects" / "packs").iterdir():
        os.utime(path, (1, 1))
    codes = [(NAMING_WRITER, "0"), (NAMING_WRITER, "1"), (AGEING_COLLECTOR, ""), (AGEING_COLLECTOR, "")]
    processes = [start(code, str(tmp_path), argument) for code, argument in codes]
    said = [process.communicate()[0].split()[1:] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sum(int(freed) for (freed,) in said[2:]) > 0
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
    for path in tmp_path.glob("named-*"):
        check_all(blobs, path.read_text().split(), [])


WHOLE_FILES = """
import os, random, signal, sys
from pathlib import Path
from tenfold.stores.blobs import open_blobs
top, at = Path(sys.argv[1]), int(sys.argv[2])
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.chmod", "os.utime", "os.link"}

def die_at(event, arguments):  # Python tells of each change of a file before it makes it
    global at
    if event in WRITES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        at -= 1
        if at < 0:
            os.kill(os.getpid(), signal.SIGKILL)

blobs = open_blobs(top / "objects", top / "cache")
path = blobs.place_to_make() / f"made-{at}"
path.write_bytes(random.Random(at).randbytes((3 << 20) + at))
keep = (top / "keep").read_text().split()
sys.addaudithook(die_at)
if sys.argv[3] == "put":
    print(blobs.put_made(path).digest, flush=True)
else:
    blobs.collect(keep, grace_ms=0)
"""


@pytest.mark.parametrize("what", ["put", "collect"])
def test_between_any_two_writes_of_a_whole_file_or_its_collection_the_store_is_sound(tmp_path: Path, what: str) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    kept, stored = dict[str, bytes](), 0

    def put(data: bytes) -> str:
        path = blobs.place_to_make() / "made"
        path.write_bytes(data)
        return blobs.put_made(path).digest

    for at in range(200):
        data = random.Random(at).randbytes((3 << 20) + at)
        digest = blake3(data).hexdigest()
        if what == "collect":  # of a dead file, one alive, and one of which a piece lives on in another
            put(random.Random(-at).randbytes(2 << 20))
            put(data[: 2 << 20] + bytes(9 << 20))
            kept[put(data)] = data
        (tmp_path / "keep").write_text("\n".join(kept))
        done = subprocess.run(
            [sys.executable, "-c", WHOLE_FILES, str(tmp_path), str(at), what], capture_output=True, text=True
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        fresh = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
        assert fresh.verify() == []
        there = fresh.has([digest]) == {digest}
        stored += there
        assert there or (not done.stdout and what == "put")
        if there:
            kept[digest] = data
        for key in kept:
            assert fresh.get_bytes(key) == kept[key] == fresh.local_path(key).read_bytes()
        kept = dict(list(kept.items())[-2:])
        if done.returncode == 0:
            break
    assert done.returncode == 0 and at >= 5 and stored >= 1
    blobs.collect(kept, grace_ms=0)
    fresh = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
    assert fresh.verify() == []
    assert all(fresh.get_bytes(key) == data for key, data in kept.items())
    packs = {path.name for path in (tmp_path / "objects" / "packs").glob("F*")}
    assert {path.name for path in (tmp_path / "objects" / "ends").iterdir()} == packs
    assert fresh.collect(kept, grace_ms=0, dry_run=True) == (0, 0)


WHOLE_WRITER = """
import random, sys
from pathlib import Path
from tenfold.base.files import write_atomic
from tenfold.stores.blobs import open_blobs, pins
pins.FRESH_MS = -1  # as above
pins.PIN_MS = 0
top, seed, round_ = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
blobs = open_blobs(top / "objects", top / "cache")
print("ready", flush=True)
named, turn = [], 0
while True:
    turn += 1
    numbers = random.Random(round_ * 1000 + turn % 5)  # the other writer puts the same files, and all come again
    path = blobs.place_to_make() / f"made-{seed}"
    path.write_bytes(numbers.randbytes(1 << 20) * numbers.randrange(1, 4) + numbers.randbytes(99))
    named = [*named[-1:], blobs.put_made(path).digest]
    path.unlink(missing_ok=True)
    write_atomic(top / f"named-{seed}", " ".join(named).encode(), durable=False)
    for digest in named:
        with blobs.open(digest) as file:
            assert len(file.read()) > 1 << 20
    print(turn, flush=True)
"""


def test_two_writers_of_the_same_whole_files_and_a_collector_are_killed_and_nothing_named_is_lost(
    tmp_path: Path,
) -> None:
    chance, turns, freed = random.Random(8), 0, 0
    collector = AGEING_COLLECTOR.replace("time.time() - 1:", "time.time() - 2:").replace("+ 2.5", "+ 60").replace(
        "freed += blobs", "freed = blobs"
    ).replace("grace_ms=3_600_000)[0]", "grace_ms=3_600_000)[0]\n    print(freed, flush=True)")  # fmt: skip
    for number in range(ROUNDS):
        writers = [start(WHOLE_WRITER, str(tmp_path), seed, str(number)) for seed in "ab"]
        collecting = start(collector, str(tmp_path))
        turns += len(kill_after(writers[0], chance.uniform(2.5, 4), least=1))  # what nobody names is old enough after 2
        freed += sum(map(int, kill_after(collecting, chance.uniform(0, 0.3), least=1)))
        assert writers[1].poll() is None
        turns += len(kill_after(writers[1], chance.uniform(0, 0.3), least=1))
        fresh = open_blobs(tmp_path / "objects", tmp_path / "cache-2")
        assert fresh.verify() == []
        for path in tmp_path.glob("named-*"):
            for digest in path.read_text().split():
                assert blake3(fresh.get_bytes(digest)).hexdigest() == digest
                assert blake3(fresh.local_path(digest).read_bytes()).hexdigest() == digest
    assert turns >= 2 * ROUNDS
    assert freed > 0


def _is_tree(blobs: PackedBlobs, digest: str) -> bool:
    return blobs.get_bytes(digest).startswith(b"TFNODE01")
