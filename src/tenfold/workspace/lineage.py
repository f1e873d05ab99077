"""Walks over the lineage graph: back to what a thing was made from, forward to what was built on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from tenfold.base.addresses import Address, parse
from tenfold.contracts import Stores, resolve
from tenfold.contracts.there import runs_there
from tenfold.records import Edge, Graph, Link, Node, Run, Version

Direction = Literal["up", "down", "both"]
PredictionFinder = Callable[[Stores, str], tuple[Node, list[str], list[str]]]
"""Gives the node of a prediction, the ids of the runs that made it (its deployment) and of the versions it used."""

LIMIT = 500
"""Nodes a walk visits at most; a graph cut there says so."""


def walk(
    stores: Stores,
    address: str | Address,
    *,
    direction: Direction = "both",
    depth: int = 50,
    find_prediction: PredictionFinder | None = None,
    limit: int = LIMIT,
    descent: bool = False,
) -> Graph:
    """The part of the lineage graph around a run, a version or a prediction.

    Upstream a version leads to the run that produced it, a run to the versions it used; downstream the other way.
    A version with the same content as another (a model registered from a candidate) is reached through the run that
    made it, not by its hash.

    Args:
        depth: Edges to follow at most, each way.
        find_prediction: Needed for addresses of kind prediction.
        descent: Upstream follow only what content was made from: a registered model leads to its candidate, not to
            what its gate compared it with.

    Raises:
        InvalidAddress, RunNotFound, VersionNotFound, PredictionNotFound.
    """
    wanted = parse(address) if isinstance(address, str) else address
    walker = _Walker(stores, limit, descent=descent)
    if wanted.kind == "prediction" and find_prediction is not None:
        node, runs, versions = find_prediction(stores, wanted.name)
        walker.nodes[node.id] = node
        start = node.id
        walker.served(node, runs, versions)
        if direction != "down":
            walker.up(runs=[], versions=versions, depth=depth, level=-2)
    elif wanted.kind == "run":
        stores.runs.get([wanted.name])
        start = f"run:{wanted.name}"
        walker.around(direction, depth, runs=[wanted.name])
    else:
        version = resolve(stores, wanted)
        start = f"version:{version.id}"
        walker.around(direction, depth, versions=[version.id])
    return walker.graph(start)


class _Walker:
    """Visits the graph in breadth, a whole level with two queries."""

    def __init__(self, stores: Stores, limit: int, *, descent: bool = False) -> None:
        self.stores, self.limit, self.descent = stores, limit, descent
        self._used: dict[str, list[Edge]] = {}
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self.complete = True

    def around(
        self, direction: Direction, depth: int, *, runs: Iterable[str] = (), versions: Iterable[str] = ()
    ) -> None:
        runs, versions = list(runs), list(versions)
        if direction in ("up", "both"):
            self.up(runs=runs, versions=versions, depth=depth, level=0)
        if direction in ("down", "both"):
            self.down(runs=runs, versions=versions, depth=depth, level=0)

    def served(self, prediction: Node, runs: list[str], versions: list[str]) -> None:
        """The deployment that answered and the model it asked. The deployment's other models are not this one's past."""
        self._add(runs, [], -1)
        for run in runs:
            self.links.append(Link(source=f"run:{run}", target=prediction.id, role="served"))
            self.links += [Link(source=f"version:{id_}", target=f"run:{run}", role="model") for id_ in versions]

    def up(self, *, runs: list[str], versions: list[str], depth: int, level: int) -> None:
        self._follow(runs, versions, depth, level, run_side="used", version_side="produced", sign=-1)

    def down(self, *, runs: list[str], versions: list[str], depth: int, level: int) -> None:
        self._follow(runs, versions, depth, level, run_side="produced", version_side="used", sign=1)

    def _follow(
        self,
        runs: list[str],
        versions: list[str],
        depth: int,
        level: int,
        *,
        run_side: str,
        version_side: str,
        sign: int,
    ) -> None:
        seen_runs, seen_versions = set(runs), set(versions)
        self._add(runs, versions, level)
        for step in range(1, depth + 1):
            if not runs and not versions:
                return
            if len(self.nodes) >= self.limit:
                self.complete = False
                return
            from_runs = [e for e in self.stores.lineage.of_runs(runs) if e.direction == run_side] if runs else []
            from_versions = (
                [e for e in self.stores.lineage.of_versions(versions) if e.direction == version_side]
                if versions
                else []
            )
            if self.descent and sign < 0:
                from_runs = [edge for edge in from_runs if self._is_descent(edge)]
            for edge in (*from_runs, *from_versions):
                run, version = f"run:{edge.run_id}", f"version:{edge.version_id}"
                source, target = (version, run) if edge.direction == "used" else (run, version)
                self.links.append(Link(source=source, target=target, role=edge.role))
            versions = [id_ for id_ in dict.fromkeys(e.version_id for e in from_runs) if id_ not in seen_versions]
            runs = [id_ for id_ in dict.fromkeys(e.run_id for e in from_versions) if id_ not in seen_runs]
            seen_versions.update(versions)
            seen_runs.update(runs)
            self._add(runs, versions, level + sign * step)

    def _is_descent(self, edge: Edge) -> bool:
        """Of a run that registered a candidate, only the candidate is what its version was made from."""
        registers = any(e.role == "candidate" for e in self._used_by(edge.run_id))
        return edge.role == "candidate" if registers else edge.role != "trigger"

    def _used_by(self, run_id: str) -> list[Edge]:
        if run_id not in self._used:
            self._used[run_id] = [e for e in self.stores.lineage.of_runs([run_id]) if e.direction == "used"]
        return self._used[run_id]

    def _add(self, runs: list[str], versions: list[str], depth: int) -> None:
        new_runs = [id_ for id_ in runs if f"run:{id_}" not in self.nodes]
        new_versions = [id_ for id_ in versions if f"version:{id_}" not in self.nodes]
        there = runs_there(self.stores, new_runs)
        for id_ in new_runs:
            self.nodes[f"run:{id_}"] = run_node(there[id_], depth) if id_ in there else purged_node(id_, depth)
        for version in self.stores.versions.get(new_versions) if new_versions else []:
            if version.kind == "log" and depth != 0:
                continue  # what a run printed is part of the run, not something built on its inputs
            self.nodes[f"version:{version.id}"] = version_node(version, depth)

    def graph(self, start: str) -> Graph:
        links = list(dict.fromkeys(ln for ln in self.links if ln.source in self.nodes and ln.target in self.nodes))
        return Graph(start=start, nodes=list(self.nodes.values()), links=links, complete=self.complete)


def run_node(run: Run, depth: int = 0) -> Node:
    """A run as a node of the graph."""
    return Node(
        id=f"run:{run.id}",
        sort="run",
        kind=run.kind,
        label=run.name or run.kind,
        address=f"run:{run.id}",
        state=run.state,
        at_ms=run.started_at_ms or run.created_at_ms,
        detail=run.project,
        depth=depth,
    )


def purged_node(run_id: str, depth: int = 0) -> Node:
    """A run that was purged: its edges are all that is left of it."""
    return Node(id=f"run:{run_id}", sort="run", kind="purged", label="purged run", address=f"run:{run_id}", depth=depth)


def version_node(version: Version, depth: int = 0) -> Node:
    """A version as a node of the graph."""
    return Node(
        id=f"version:{version.id}",
        sort="version",
        kind=version.kind,
        label=f"{version.name} v{version.number}",
        address=version.address,
        at_ms=version.created_at_ms,
        detail="purged" if version.is_purged else version.message or version.type,
        depth=depth,
    )
