"""The answer to "why": a prediction, model or file traced in words to the data, code and files behind it."""

from __future__ import annotations

from tenfold.base.clock import iso
from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there
from tenfold.records import Explanation, Graph, Node, Reason, Run, Version
from tenfold.workspace.lineage import PredictionFinder, walk
from tenfold.workspace.made_of import made_of

FILES_SHOWN = 40
"""Files of a dataset version listed by name; the rest are counted."""


def why(stores: Stores, address: str, *, find_prediction: PredictionFinder | None = None) -> Explanation:
    """Trace a thing back: prediction, deployment, model version, training runs, code, data versions, files.

    Follows descent only: what content was made from, not what it was judged against on the way. What does not apply
    is left out; nothing is guessed. Raises what `walk` raises.
    """
    graph = walk(stores, address, direction="up", find_prediction=find_prediction, descent=True)
    runs = runs_there(stores, [_bare(n) for n in graph.nodes if n.sort == "run"])
    versions = {v.id: v for v in stores.versions.get([_bare(n) for n in graph.nodes if n.sort == "version"])}
    nearest_first = sorted(graph.nodes, key=lambda node: (-node.depth, node.at_ms))
    ordered_runs = [runs[_bare(node)] for node in nearest_first if node.sort == "run" and _bare(node) in runs]
    ordered_versions = [versions[_bare(node)] for node in nearest_first if node.sort == "version"]
    reasons = [
        *_start(graph),
        *made_of(stores, address),
        *(_deployment(run) for run in ordered_runs if run.kind == "deployment"),
        *_models(stores, ordered_versions, runs),
        *(_run(run) for run in ordered_runs if run.kind != "deployment"),
        *_code(ordered_runs),
        *_data(stores, ordered_versions, ordered_runs, graph),
    ]
    return Explanation(address=address, reasons=reasons, graph=graph)


def _bare(node: Node) -> str:
    return node.id.partition(":")[2]


def _start(graph: Graph) -> list[Reason]:
    node = next(node for node in graph.nodes if node.id == graph.start)
    if node.sort == "run" or node.kind in ("model", "data"):
        return []  # said in full below
    page = {"run": f"/runs/{_bare(node)}", "prediction": f"/lineage?address={node.address}"}.get(node.sort, "")
    if node.sort == "version":
        page = f"/lineage?address={node.address}"
    says = f"{node.label}, {iso(node.at_ms)}" + (f": {node.detail}" if node.detail else "")
    return [Reason(what=node.sort if node.sort != "version" else node.kind, says=says, address=node.address, page=page)]


def _deployment(run: Run) -> Reason:
    says = f"{run.name}, {run.state}, since {iso(run.started_at_ms or run.created_at_ms)}"
    url = run.result.get("url")
    return Reason(
        what="deployment",
        says=f"{says} at {url}" if url else says,
        address=f"run:{run.id}",
        page=f"/deployments/{run.id}",
    )


def _models(stores: Stores, versions: list[Version], runs: dict[str, Run]) -> list[Reason]:
    reasons = []
    for version in versions:
        if version.kind != "model":
            continue
        aliases = [ref.ref for ref in stores.refs.all("model", version.name) if ref.version_id == version.id]
        moves = [m for m in stores.refs.history("model", version.name) if m.after == version.id and m.why]
        maker = runs.get(version.run_id or "")
        says = f"{version.name} v{version.number} ({version.type})"
        if aliases:
            says += f", now {', '.join(sorted(aliases))}"
        if maker is not None:
            says += f", made by {maker.name or maker.kind}"
        details = [f"{m.ref} moved here {iso(m.at_ms)} by {m.who or 'unknown'}: {m.why}" for m in moves]
        reasons.append(
            Reason(
                what="model",
                says=says,
                address=version.address,
                page=f"/models/{version.name}?version={version.number}",
                details=details,
            )
        )
    return reasons


def _run(run: Run) -> Reason:
    took = ""
    if run.started_at_ms is not None and run.ended_at_ms is not None:
        took = f" in {(run.ended_at_ms - run.started_at_ms) / 1000:.1f} s"
    details = []
    if run.params:
        details.append("params " + ", ".join(f"{key}={_short(value)}" for key, value in sorted(run.params.items())))
    if run.metrics:
        shown = sorted(key for key in run.metrics if not key.startswith("system/"))[:12]
        if shown:
            details.append("metrics " + ", ".join(f"{key}={run.metrics[key].last:.4g}" for key in shown))
    return Reason(
        what=f"{run.kind} run",
        says=f"{run.name or run.kind}, {run.state}{took}",
        address=f"run:{run.id}",
        page=f"/runs/{run.id}",
        details=details,
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _code(runs: list[Run]) -> list[Reason]:
    reasons, seen = [], set()
    for run in runs:
        code = run.code
        if code is None or (code.commit, code.patch, code.digest) in seen or run.kind in ("deployment", "commit"):
            continue
        seen.add((code.commit, code.patch, code.digest))
        parts = []
        if code.commit:
            parts.append(f"git commit {code.commit[:12]}" + (f" on {code.branch}" if code.branch else ""))
            parts.append("with uncommitted changes" if code.dirty else "clean")
        if code.digest:
            parts.append(f"step code {code.digest[:12]}")
        if code.entry_point:
            parts.append(code.entry_point)
        if parts:
            reasons.append(
                Reason(
                    what="code",
                    says=f"{run.name or run.kind}: " + ", ".join(parts),
                    address=f"run:{run.id}",
                    page=f"/runs/{run.id}?tab=code",
                )
            )
    return reasons


def _data(stores: Stores, versions: list[Version], runs: list[Run], graph: Graph) -> list[Reason]:
    roles = {link.source: link.role for link in graph.links if link.source.startswith("version:")}
    read: dict[str, set[str]] = {}
    for run in runs:
        for address, paths in run.result.get("files_read", {}).items():
            read.setdefault(address, set()).update(paths)
    reasons = []
    for version in versions:
        if version.kind != "data":
            continue
        has_tree = version.inline is None and not version.is_purged
        entries = [e for e in stores.blobs.entries(version.digest) if e.kind == "file"] if has_tree else []
        mine = [e for e in entries if e.path in read.get(version.address, ())] or entries
        says = f"{version.name} v{version.number}" + (f": {version.message}" if version.message else "")
        if role := roles.get(f"version:{version.id}"):
            says += f" (as {role})"
        if len(mine) < len(entries):
            says += f", {len(mine)} of its {len(entries)} files read"
        details = [f"{e.path}  {e.size_bytes:,} bytes  {e.digest[:12]}" for e in mine[:FILES_SHOWN]]
        if len(mine) > FILES_SHOWN:
            details.append(f"and {len(mine) - FILES_SHOWN:,} more files")
        page = f"/data/{version.name}?version={version.number}"
        reasons.append(Reason(what="data", says=says, address=version.address, page=page, details=details))
    return reasons
