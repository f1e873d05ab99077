"""Metaflow's flows, run from their files as they are: `run`, `resume`, `artifacts` and `params_of`.

Metaflow need not be installed. `stand_in.py` is what the file gets as `metaflow`, `graph.py` reads its graph, `tasks.py` runs
one of its tasks, `laying_out.py` makes a pipeline of it all. What is not taken over is refused by its name.
"""

from __future__ import annotations

from tenfold.doors.metaflow.arguments import params_of
from tenfold.doors.metaflow.looking import TaskLeft, artifacts
from tenfold.doors.metaflow.running import resume, run

__all__ = ["TaskLeft", "artifacts", "params_of", "resume", "run"]
