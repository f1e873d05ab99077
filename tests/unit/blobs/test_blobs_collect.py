"""Collection beside writers: every order of the steps of both is safe, and no age is judged wrongly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tenfold.contracts import Medium
from tenfold.stores.blobs import MemoryMedium, PackedBlobs
from tenfold.stores.blobs.pins import FRESH_MS, PIN_MS
from tenfold.testing.blobs import noise

HOUR = 3_600_000


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


class Hooked(MemoryMedium):
    """A medium that runs a function once, before the first call that fits."""

    def __init__(self, *, clock: Callable[[], int]) -> None:
        super().__init__(clock=clock)
        self.before: tuple[str, str, Callable[[], None]] | None = None

    def _run(self, what: str, name: str) -> None:
        if self.before is not None and self.before[0] == what and name.startswith(self.before[1]):
            hook, self.before = self.before[2], None
            hook()

    def put(self, name: str, data: bytes) -> None:
        self._run("put", name)
        super().put(name, data)

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        self._run("scan", prefix)
        return super().scan(prefix)

    def delete(self, name: str) -> None:
        self._run("delete", name)
        super().delete(name)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def medium(clock: Hand) -> Hooked:
    return Hooked(clock=clock)


@pytest.fixture
def opened(medium: Medium, clock: Hand, tmp_path: Path) -> Callable[[], PackedBlobs]:
    return lambda: PackedBlobs(medium, tmp_path / "cache", clock=clock)


@pytest.mark.parametrize("is_purge", [False, True])
@pytest.mark.parametrize("what", ["put", "scan", "delete"])
@pytest.mark.parametrize("prefix", ["trash/", "pins/", "packs/", "index/", "sessions/"])
def test_a_writer_that_reuses_old_content_at_any_step_of_a_collection_keeps_it(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs], what: str, prefix: str, is_purge: bool
) -> None:
    data = {"old": noise(5000), "large": noise(600_000), "x/y": b"small"}
    writer, collector = opened(), opened()
    tree = writer.put_tree(data)
    collector.has([tree.digest])
    clock.now += 30 * 24 * HOUR
    medium.before = (what, prefix, lambda: _same(writer.put_tree(data), tree))
    collector.collect([], grace_ms=HOUR, only=[tree.digest] if is_purge else None)
    writer.put_tree(data)
    clock.now += 2 * HOUR
    opened().collect([], grace_ms=HOUR)
    again = opened()
    assert again.verify() == []
    assert {e.path: again.get_bytes(e.digest) for e in again.entries(tree.digest)} == data


@pytest.mark.parametrize("what", ["put", "scan"])
@pytest.mark.parametrize("prefix", ["trash/", "pins/", "packs/"])
def test_a_collection_at_any_step_of_a_writer_takes_nothing_it_relies_on(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs], what: str, prefix: str
) -> None:
    data = {"old": noise(5000), "large": noise(600_000), "x/y": b"small"}
    writer, collector = opened(), opened()
    writer.put_tree(data)
    clock.now += 30 * 24 * HOUR
    medium.before = (what, prefix, lambda: _done(collector.collect([], grace_ms=HOUR)))
    tree = writer.put_tree(data | {"new": b"new"})
    clock.now += 2 * FRESH_MS
    opened().collect([], grace_ms=HOUR)
    again = opened()
    assert again.verify() == []
    assert {e.path: again.get_bytes(e.digest) for e in again.entries(tree.digest)} == data | {"new": b"new"}


def test_a_pin_holds_a_day_and_no_longer(clock: Hand, opened: Callable[[], PackedBlobs]) -> None:
    key = opened().put_bytes(noise(5000))
    clock.now += 30 * 24 * HOUR
    opened().put_bytes(noise(5000))
    assert list(opened().pins()) == [key]
    clock.now += PIN_MS - 1
    assert opened().collect([], grace_ms=HOUR) == (0, 0)
    clock.now += 2
    assert list(opened().pins()) == []
    assert opened().collect([], grace_ms=HOUR)[0] == 1


def test_a_long_upload_keeps_its_first_packs(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.stores.blobs.upload.TARGET_BYTES", 1_000_000)
    writer = opened()
    collected = 0

    def later(done: int, total: int) -> None:
        nonlocal collected
        clock.now += HOUR
        opened().collect([], grace_ms=HOUR)
        collected += 1

    tree = writer.put_tree({str(number): noise(900_000, number) for number in range(6)}, progress=later)
    assert collected > 6
    opened().collect([], grace_ms=HOUR)
    assert opened().verify() == []
    assert len(opened().entries(tree.digest)) == 6
    assert medium.scan("sessions/") == []


def test_a_session_of_a_dead_writer_is_forgotten(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs]
) -> None:
    from tenfold.stores.blobs.pins import write_session

    write_session(medium, "dead", clock.now)
    opened().put_bytes(noise(5000))
    clock.now += HOUR
    assert opened().collect([], grace_ms=HOUR // 2) == (0, 0)
    clock.now += 2 * HOUR
    assert opened().collect([], grace_ms=HOUR // 2)[0] == 1
    assert medium.scan("sessions/") == []


def test_two_collections_at_once_lose_nothing(medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs]) -> None:
    trees = [opened().put_tree({f"f{n}": noise(2000, n), "shared": noise(3000, 99)}) for n in range(12)]
    keep = [tree.digest for tree in trees[::2]]
    clock.now += 30 * 24 * HOUR
    for what, prefix in (("put", "trash/"), ("put", "packs/"), ("delete", "packs/"), ("put", "index/")):
        medium.before = (what, prefix, lambda: _done(opened().collect(keep, grace_ms=HOUR)))
        opened().collect(keep, grace_ms=HOUR)
        clock.now += 2 * HOUR
        assert opened().verify() == []
        for tree in trees[::2]:
            assert len(opened().entries(tree.digest)) == 2
        opened().put_bytes(noise(5000, clock.now % 1000))
        clock.now += 30 * 24 * HOUR


def test_a_reader_goes_on_while_packs_are_rewritten(clock: Hand, opened: Callable[[], PackedBlobs]) -> None:
    kept = opened().put_tree({"kept": noise(2_000_000)})
    opened().put_bytes(noise(3_000_000, 1))
    reader = opened()
    entry = reader.find_entry(kept.digest, "kept")
    assert entry is not None
    with reader.open(entry.digest) as file:
        first = file.read(100_000)
        for _ in range(10):
            opened().put_bytes(noise(100, clock.now % 999))
        clock.now += HOUR
        opened().collect([kept.digest], grace_ms=0)
        assert first + file.read() == noise(2_000_000)
    assert reader.get_bytes(entry.digest) == noise(2_000_000)


def test_many_small_packs_become_one_and_the_index_few_segments(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs]
) -> None:
    blobs = opened()
    keys = [blobs.put_bytes(b"%d" % number) for number in range(300)]
    assert len(medium.scan("packs/")) == 300
    assert 1 <= len(medium.scan("index/")) <= 4
    clock.now += 2 * HOUR
    assert blobs.collect(keys, grace_ms=HOUR) == (0, 0)
    assert len(medium.scan("packs/")) == 1
    assert len(medium.scan("index/")) == 1
    assert [opened().get_bytes(key) for key in keys] == [b"%d" % number for number in range(300)]


def _same(one: object, other: object) -> None:
    assert one == other


def _done(_: object) -> None:
    pass


class Machine(RuleBasedStateMachine):
    """Random operations of two processes on one medium, held against a dict."""

    trees = Bundle("trees")

    @initialize()
    def begin(self) -> None:
        self.clock = Hand()
        self.medium = MemoryMedium(clock=self.clock)
        self.stores = [PackedBlobs(self.medium, Path("/nonexistent"), clock=self.clock) for _ in range(2)]
        self.kept: dict[str, dict[str, bytes]] = {}

    @rule(
        target=trees,
        who=st.integers(0, 1),
        files=st.dictionaries(st.sampled_from(["a", "b/c", "b/d", "e/f/g"]), st.integers(0, 6), max_size=4),
    )
    def put(self, who: int, files: dict[str, int]) -> str:
        content = {path: noise(200 + 90_000 * seed, seed) for path, seed in files.items()}
        tree = self.stores[who].put_tree(content)
        self.kept[tree.digest] = content
        return tree.digest

    @rule(tree=trees)
    def drop(self, tree: str) -> None:
        self.kept.pop(tree, None)

    @rule(who=st.integers(0, 1), hours=st.sampled_from([0, 1, 50]))
    def collect(self, who: int, hours: int) -> None:
        self.clock.now += hours * HOUR
        self.stores[who].collect(list(self.kept), grace_ms=HOUR)

    @rule(who=st.integers(0, 1))
    def consolidate(self, who: int) -> None:
        self.stores[who].index.consolidate(force=True)

    @rule(who=st.integers(0, 1))
    def reopen(self, who: int) -> None:
        self.stores[who] = PackedBlobs(self.medium, Path("/nonexistent"), clock=self.clock)

    @invariant()
    def everything_kept_is_there(self) -> None:
        for store in getattr(self, "stores", []):
            for tree, content in self.kept.items():
                assert {e.path: store.get_bytes(e.digest) for e in store.entries(tree)} == content

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            assert self.stores[0].verify() == []


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=30, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_an_upload_that_collections_keep_crossing_ends_by_storing_all_anew(
    medium: Hooked, clock: Hand, opened: Callable[[], PackedBlobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.stores.blobs.collect._MERGE_FROM", 1000)
    writer = opened()
    old = writer.put_tree({"kept": noise(5000), "reused": noise(6000, 1)})
    entry = writer.find_entry(old.digest, "kept")
    assert entry is not None
    others = [opened().put_bytes(b"other %d" % number) for number in range(12)]
    crossed = 0

    def cross() -> None:
        nonlocal crossed
        crossed += 1
        assert opened().collect([old.digest, *others[crossed:]], grace_ms=HOUR)[0] == 1
        medium.before = ("scan", "trash/", cross)

    clock.now += 30 * 24 * HOUR
    medium.before = ("scan", "trash/", cross)
    tree = writer.put_tree({"kept": entry, "reused": noise(6000, 1), "new": b"new"})
    medium.before = None
    assert crossed >= 5
    assert len(opened().entries(tree.digest)) == 3
    assert opened().verify() == []


def test_a_tree_that_stays_for_its_youth_stays_whole(clock: Hand, opened: Callable[[], PackedBlobs]) -> None:
    opened().put_bytes(noise(5000))
    clock.now += 30 * 24 * HOUR
    young = opened().put_tree({"old content": noise(5000), "new": b"new"})
    clock.now += 3 * PIN_MS
    opened().collect([], grace_ms=14 * 24 * HOUR)
    assert opened().verify() == []
    assert len(opened().entries(young.digest)) == 2


def test_a_dead_tree_is_never_left_naming_what_is_gone(clock: Hand, opened: Callable[[], PackedBlobs]) -> None:
    shared = opened().put_bytes(noise(3000, 5))
    blobs = opened()
    kept = blobs.put_tree(
        {f"kept-{n}": noise(500_000, n) for n in range(12)} | {"dead/x": b"x", "dead/y": noise(3000, 5)}
    )
    keep = [entry.digest for entry in blobs.entries(kept.digest) if entry.path.startswith("kept")]
    clock.now += 30 * 24 * HOUR
    opened().collect(keep, grace_ms=HOUR)
    assert opened().verify() == []
    assert opened().has([shared, kept.digest]) == set()
