"""Data sets that runs read, searched for: those of experiments, and as a part of a filter over runs."""

from __future__ import annotations

import re
from typing import Any

from tenfold.contracts import Stores
from tenfold.doors.mlflow import experiments, filters
from tenfold.doors.mlflow.around import CONTEXT, KIND, around_runs, tags_of
from tenfold.doors.mlflow.calls import Call
from tenfold.doors.mlflow.errors import invalid
from tenfold.records import RunQuery, Version

EXPERIMENTS_AT_ONCE = 20
MOST = 1000
_RUNS_LOOKED_AT = 10_000
_PAGE = 1000
_ATTRIBUTES = ("name", "digest", "context")
_OPERATORS = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
_TEXT = r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`[^`]*`"""
_TERM = re.compile(
    rf"""{_TEXT}|(?<![\w.])datasets?\.(?P<key>\w+)\s*(?P<op>!=|=|NOT\s+IN\b|I?LIKE\b|IN\b|[^\s\w'"]+)\s*
    (?P<value>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\([^()]*\))?""",
    re.VERBOSE | re.IGNORECASE,
)


def search(call: Call) -> dict[str, Any]:
    """`experiments/search-datasets`: what the newest runs of experiments read, each data set and context once."""
    ids = call.texts("experiment_ids")
    if not ids:
        raise invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(ids) > EXPERIMENTS_AT_ONCE:
        raise invalid(
            f"SearchDatasets request cannot specify more than {EXPERIMENTS_AT_ONCE} experiment_ids. "
            f"Received {len(ids)} experiment_ids."
        )
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for id_ in ids:
        project = experiments.by_id(call.stores, id_).name
        for run_ids in _pages(call.stores, project):
            for around in around_runs(call.stores, run_ids).values():
                for each in around.datasets:
                    said = {"experiment_id": id_, "name": each["dataset"]["name"], "digest": each["dataset"]["digest"]}
                    context = next((tag["value"] for tag in each["tags"] if tag["key"] == CONTEXT), "")
                    found.setdefault((*said.values(), context), said | ({"context": context} if context else {}))
    return {"dataset_summaries": list(found.values())[:MOST]}


def _pages(stores: Stores, project: str) -> list[list[str]]:
    return [
        run_ids
        for start in range(0, _RUNS_LOOKED_AT, _PAGE)
        if (run_ids := [run.id for run in stores.runs.search(_query(project, start)).items])
    ]


def _query(project: str, start: int) -> RunQuery:
    return RunQuery(projects=[project], offset=start, limit=_PAGE, count=False)


def resolved(stores: Stores, text: str) -> str:
    """A filter over runs whose terms about data sets have become terms about run ids; what is quoted stays."""
    known: list[Version] = []

    def ids_of(term: re.Match[str]) -> str:
        if term["key"] is None:
            return term[0]
        if not known:
            known.extend(_references(stores))
        run_ids = _runs_with(stores, known, _clause(term)) or [""]
        return f"attributes.run_id IN ({', '.join(repr(id_) for id_ in run_ids)})"

    return _TERM.sub(ids_of, text) if "dataset" in text.lower() else text


def _clause(term: re.Match[str]) -> filters.Clause:
    key, op = term["key"].lower(), " ".join(term["op"].upper().split())
    if key not in _ATTRIBUTES:
        raise invalid(f"Invalid dataset key '{key}' specified. Valid keys are '{', '.join(_ATTRIBUTES)}'")
    if op not in _OPERATORS or term["value"] is None:
        raise invalid(f"Invalid clause(s) in filter string: {term[0]!r}. Write it like: datasets.{key} = 'a'")
    return filters.parse(f"attributes.{key} {op} {term['value']}", attributes=_ATTRIBUTES)[0]


def _references(stores: Stores) -> list[Version]:
    found: list[Version] = []
    while some := stores.versions.search(KIND, offset=len(found), limit=_PAGE):
        found += some
    return found


def _runs_with(stores: Stores, known: list[Version], clause: filters.Clause) -> list[str]:
    def value(version: Version, _: str, key: str) -> str:
        return version.name if key == "name" else str(version.metadata.get("digest", ""))

    mine = known if clause.key == "context" else filters.matching(known, [clause], value)
    edges = [edge for edge in stores.lineage.of_versions([version.id for version in mine]) if edge.direction == "used"]
    if clause.key == "context":
        edges = filters.matching(edges, [clause], lambda edge, _, key: tags_of(edge.role).get(CONTEXT))
    return list(dict.fromkeys(edge.run_id for edge in edges))
