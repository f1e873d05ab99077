"""An edge of the lineage graph: a run used, or produced, a version."""

from __future__ import annotations

from typing import Literal

import msgspec


class Edge(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`role` says as what: 'input', 'training', 'reference', 'model', a parameter's or an output's name."""

    run_id: str
    version_id: str
    direction: Literal["used", "produced"]
    role: str = ""
    at_ms: int = 0
