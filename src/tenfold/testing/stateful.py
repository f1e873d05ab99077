"""Random operations on a store and on its in-memory twin: they must answer, refuse and remember alike.

    run_state_machine_as_test(lambda: TwinMachine(stores), settings=settings(max_examples=20))

Ids, names and times come from small pools, so that operations meet. What depends on the clock is not compared.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tenfold.base.errors import TenfoldError
from tenfold.contracts import Stores
from tenfold.records import (
    ANY,
    And,
    Compare,
    Draft,
    Edge,
    Move,
    Not,
    Or,
    Order,
    Points,
    Run,
    RunChange,
    RunQuery,
    Task,
    TaskChange,
)
from tenfold.testing.stores import memory_stores

RUN_STATES = st.sampled_from(["created", "running", "finished", "failed", "killed", "lost"])
TASK_STATES = st.sampled_from(["waiting", "ready", "running", "finished", "cached", "failed", "skipped", "cancelled"])
RUN_IDS = st.sampled_from(["r1", "r2", "r3", "r4"])
VERSION_IDS = st.sampled_from(["v1", "v2", "v3", "v4", "v5"])
TASK_IDS = st.sampled_from(["r1", "r2", "t3", "t4"])
NAMES = st.sampled_from(["a", "b"])
REFS = st.sampled_from(["main", "prod", "v1"])
TIMES = st.integers(0, 20)
WORKERS = st.sampled_from(["w1", "w2"])
FIELDS = st.sampled_from(
    ["params.x", "params.n.y", "tags.t", "metrics.m", "summary.m.min", "name", "project", "state", "created_at_ms",
     "duration_ms", "parent_id", "nothing"]
)  # fmt: skip
VALUES = st.sampled_from([0, 1, 2.5, -1, "a", "b", "1", "", True])
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "like", "ilike", "is null", "is not null"])
PARAMS = st.dictionaries(
    st.sampled_from(["x", "z"]), st.one_of(VALUES, st.none(), st.dictionaries(st.just("y"), VALUES)), max_size=2
) | st.fixed_dictionaries({"n": st.dictionaries(st.just("y"), VALUES)})
TAGS = st.dictionaries(st.sampled_from(["t", "u"]), st.sampled_from(["a", "b", ""]), max_size=2)
COMPARES = st.builds(Compare, FIELDS, OPERATORS, VALUES) | st.builds(
    Compare, FIELDS, st.sampled_from(["in", "not in"]), st.lists(VALUES.filter(lambda v: v is not True), max_size=3)
)
EXPRESSIONS = st.recursive(
    COMPARES,
    lambda inner: st.builds(And, st.lists(inner, max_size=3)) | st.builds(Or, st.lists(inner, max_size=3)) | st.builds(Not, inner),
    max_leaves=4,
)  # fmt: skip
CHANGES = st.builds(
    RunChange,
    name=st.none() | NAMES,
    error=st.none() | st.just("boom"),
    params=st.none() | PARAMS,
    tags=st.none() | st.dictionaries(st.sampled_from(["t", "u"]), st.none() | st.just("c"), max_size=2),
    result=st.none() | st.just({"score": 1.5}),
)
MOVES = st.builds(Move, ref=REFS, to=st.none() | VERSION_IDS, expect=st.none() | st.just(ANY) | VERSION_IDS)


class TwinMachine(RuleBasedStateMachine):
    """Give it empty stores."""

    def __init__(self, stores: Stores) -> None:
        super().__init__()
        self.stores = stores
        self.twin = memory_stores()
        self.start = stores.events.last()
        self.offset = 0

    def both(self, call: Callable[[Stores], Any]) -> None:
        """Do the same on both; what they give or raise must be equal."""
        assert outcome(call, self.stores) == outcome(call, self.twin)

    @rule(id=RUN_IDS, project=NAMES, name=NAMES, params=PARAMS, tags=TAGS, at=TIMES, parent=st.none() | RUN_IDS)
    def create(self, id: str, at: int, parent: str | None, **fields: Any) -> None:
        run = Run(id=id, created_at_ms=at, parent_id=parent if parent != id else None, **fields)
        self.both(lambda s: s.runs.create([run]))

    @rule(ids=st.lists(RUN_IDS, max_size=3))
    def get(self, ids: list[str]) -> None:
        self.both(lambda s: s.runs.get(ids))

    @rule(id=RUN_IDS, change=CHANGES)
    def update(self, id: str, change: RunChange) -> None:
        self.both(lambda s: s.runs.update(id, change))

    @rule(id=RUN_IDS, to=RUN_STATES, expect=st.lists(RUN_STATES, max_size=4), at=TIMES, change=st.none() | CHANGES)
    def transition(self, id: str, to: Any, expect: list[Any], at: int, change: RunChange | None) -> None:
        self.both(lambda s: s.runs.transition(id, to, expect=expect, at_ms=at, change=change))

    @rule(ids=st.lists(RUN_IDS, max_size=2), at=TIMES, since=TIMES)
    def heartbeat_and_lose(self, ids: list[str], at: int, since: int) -> None:
        self.both(lambda s: s.runs.heartbeat(ids, at_ms=at))
        self.both(lambda s: s.runs.lose(silent_since_ms=since, at_ms=at, kinds=["training", "step"]))

    @rule(ids=st.lists(RUN_IDS, max_size=3), at=st.none() | TIMES)
    def bin(self, ids: list[str], at: int | None) -> None:
        self.both(lambda s: s.runs.set_deleted(ids, at_ms=at))

    @rule(old=NAMES, new=NAMES)
    def rename_project(self, old: str, new: str) -> None:
        self.both(lambda s: s.runs.rename_project(old, new))

    @rule(id=RUN_IDS, values=st.lists(st.floats(width=32), min_size=1, max_size=3))
    def points(self, id: str, values: list[float]) -> None:
        self.offset += 1
        steps = struct.pack(f"<{len(values)}q", *range(self.offset, self.offset + len(values)))
        points = Points(steps, struct.pack(f"<{len(values)}d", *values), steps)
        self.both(lambda s: s.series.append(id, {"m": points}, source="j", offset=self.offset))

    @rule(
        where=st.none() | EXPRESSIONS,
        order=st.lists(st.builds(Order, FIELDS, st.booleans()), max_size=2),
        projects=st.none() | st.lists(NAMES, max_size=2),
        deleted=st.none() | st.booleans(),
        offset=st.integers(0, 3),
        limit=st.integers(0, 4),
        count=st.booleans(),
    )
    def search(self, **query: Any) -> None:
        self.both(lambda s: s.runs.search(RunQuery(**query)))
        self.both(lambda s: (s.runs.keys(query["projects"]), s.runs.projects()))

    @rule(
        drafts=st.lists(
            st.builds(
                Draft,
                id=VERSION_IDS,
                kind=st.just("data"),
                name=NAMES,
                digest=st.sampled_from(["d1", "d2"]),
                inline=st.none() | st.just(b"x"),
                run_id=st.none() | RUN_IDS,
                created_at_ms=TIMES,
                moves=st.lists(st.builds(Move, ref=REFS, expect=st.none() | st.just(ANY) | VERSION_IDS), max_size=2),
                tags=TAGS,
            ),
            max_size=2,
        )
    )
    def publish(self, drafts: list[Draft]) -> None:
        self.both(lambda s: s.versions.publish(drafts))

    @rule(id=VERSION_IDS, ids=st.lists(VERSION_IDS, max_size=3), at=st.none() | TIMES, text=st.none() | NAMES)
    def change_versions(self, id: str, ids: list[str], at: int | None, text: str | None) -> None:
        self.both(lambda s: s.versions.set_deleted(ids, at_ms=at))
        self.both(lambda s: s.versions.describe(id, description=text, tags={"t": None, "k": "1"}))
        self.both(lambda s: s.versions.get(ids))

    @rule(name=NAMES, number=st.none() | st.integers(0, 4), deleted=st.booleans(), run_id=st.none() | RUN_IDS)
    def find_versions(self, name: str, number: int | None, deleted: bool, run_id: str | None) -> None:
        self.both(lambda s: s.versions.find("data", name, number))
        self.both(lambda s: s.versions.search("data", name, run_id=run_id, deleted=deleted, limit=3))
        self.both(lambda s: (s.versions.names(), s.versions.digests()))

    @rule(ids=st.lists(VERSION_IDS, max_size=3), is_traceless=st.booleans())
    def purge_versions(self, ids: list[str], is_traceless: bool) -> None:
        self.both(lambda s: s.versions.purge(ids, is_traceless=is_traceless))
        self.both(lambda s: (s.versions.search(), s.versions.search(deleted=True), s.versions.digests(), s.refs.all()))
        self.both(lambda s: (s.lineage.of_versions(ids), s.refs.history("data", "a"), s.versions.find("data", "a")))

    @rule(ids=st.lists(RUN_IDS, max_size=2))
    def purge_runs(self, ids: list[str]) -> None:
        self.both(lambda s: s.runs.purge(ids))
        self.both(lambda s: (s.runs.projects(), s.runs.keys(), s.tasks.of_root("r1"), s.tasks.open_roots()))

    @rule(name=NAMES, move=MOVES, at=TIMES)
    def move(self, name: str, move: Move, at: int) -> None:
        self.both(lambda s: s.refs.move("data", name, move, at_ms=at))
        self.both(lambda s: s.refs.at("data", name, move.ref, at))
        self.both(lambda s: (s.refs.all(), s.refs.history("data", name), s.refs.find("data", name, move.ref)))

    @rule(run_id=RUN_IDS, version_id=VERSION_IDS, direction=st.sampled_from(["used", "produced"]), at=TIMES)
    def link(self, run_id: str, version_id: str, direction: Any, at: int) -> None:
        edge = Edge(run_id=run_id, version_id=version_id, direction=direction, at_ms=at)
        self.both(lambda s: s.lineage.add([edge]))
        self.both(lambda s: (s.lineage.of_runs(["r1", "r2"]), s.lineage.of_versions(["v1", version_id])))

    @rule(id=TASK_IDS, root=RUN_IDS, state=TASK_STATES, priority=st.integers(0, 2), after=TIMES, with_run=st.booleans())
    def add_task(self, id: str, root: str, state: Any, priority: int, after: int, with_run: bool) -> None:
        task = Task(id=id, root_id=root, key=id, state=state, priority=priority, not_before_ms=after)
        runs = [Run(id=id, project="a", kind="step", root_id=root)] if with_run else []
        self.both(lambda s: s.tasks.add([task], runs))

    @rule(owner=WORKERS, limit=st.integers(0, 3), at=TIMES, roots=st.none() | st.lists(RUN_IDS, max_size=2))
    def claim(self, owner: str, limit: int, at: int, roots: list[str] | None) -> None:
        self.both(lambda s: s.tasks.claim(owner, limit=limit, lease_ms=3, at_ms=at, root_ids=roots))

    @rule(
        owner=WORKERS,
        tokens=st.dictionaries(TASK_IDS, st.integers(0, 3), max_size=2),
        until=TIMES,
        other=st.none() | WORKERS,
    )
    def renew(self, owner: str, tokens: dict[str, int], until: int, other: str | None) -> None:
        self.both(lambda s: s.tasks.renew(owner, tokens, until_ms=until, held_by=other))
        self.both(lambda s: (s.tasks.expired(at_ms=until), s.tasks.open_roots(), s.tasks.of_root("r1")))

    @rule(
        changes=st.lists(
            st.builds(
                TaskChange,
                id=TASK_IDS,
                to=TASK_STATES,
                expect=st.lists(TASK_STATES, max_size=4),
                token=st.none() | st.integers(0, 2),
                outcome=st.none() | st.just({"o": 1}),
                run_state=st.none() | RUN_STATES | st.just("happy"),
                run=st.none() | CHANGES,
            ),
            max_size=2,
        ),
        at=TIMES,
    )
    def apply(self, changes: list[TaskChange], at: int) -> None:
        self.both(lambda s: s.tasks.apply(changes, at_ms=at))
        self.both(lambda s: s.tasks.get(changes[0].id) if changes else None)

    def teardown(self) -> None:
        """In the end, both tell the same story."""
        told = self.stores.events.after(self.start, limit=10**6)
        twin = self.twin.events.after(0, limit=10**6)
        assert [(e.topic, e.id, e.action, e.project) for e in told] == [
            (e.topic, e.id, e.action, e.project) for e in twin
        ]


def outcome(call: Callable[[Stores], Any], stores: Stores) -> tuple[str, str]:
    """What a call gives or raises, so that it can be compared (NaN is NaN, and zero has no sign)."""
    try:
        return "gives", repr(call(stores)).replace("-0.0", "0.0")
    except TenfoldError as error:
        return type(error).__name__, f"{error.message} ({error.field})"
