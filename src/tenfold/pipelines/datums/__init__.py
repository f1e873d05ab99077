"""Incremental pipelines: a dataset's files as datums, of which only the new and changed ones run.

What lives here: inputs and how they combine (`inputs`, `matching`, `combining`), what must run (`planning`), running a
batch of datums (`batches`, `functions`, `running`, `namespace`), and the commit of what came of it (`merging`, `state`).
A run is an ordinary pipeline run of three places: match, the batches (mapped), merge.
"""

from __future__ import annotations

from tenfold.pipelines.datums.incremental import Incremental, from_definition, incremental
from tenfold.pipelines.datums.inputs import Cross, Files, Group, Input, Join, Union, cross, files, group, join, union
from tenfold.pipelines.datums.program import Program, program
from tenfold.pipelines.datums.state import Record, find_state, read_records
from tenfold.pipelines.datums.told import Told, counts_of, makers, state_of, tell

__all__ = [
    "Cross", "Files", "Group", "Incremental", "Input", "Join", "Program", "Record", "Told", "Union", "counts_of", "cross",
    "files", "find_state", "from_definition", "group", "incremental", "join", "makers", "program", "read_records",
    "state_of", "tell", "union",
]  # fmt: skip
