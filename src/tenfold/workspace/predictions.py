"""A served prediction as a node of the lineage graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.records import Node
from tenfold.workspace.lineage import PredictionFinder

if TYPE_CHECKING:
    from tenfold.contracts import Stores
    from tenfold.workspace.workspace import Workspace

SHOWN = 6
"""Inputs named in the node's one line."""


def prediction_finder(workspace: Workspace) -> PredictionFinder:
    """Finds predictions in the store and in the journals of this machine."""
    return finder_in(workspace.predictions)


def finder_in(folder: Path | None) -> PredictionFinder:
    """Finds predictions in the store and in the journals of a folder."""

    def find(stores: Stores, prediction_id: str) -> tuple[Node, list[str], list[str]]:
        from tenfold.serving import find_prediction

        found = find_prediction(stores, prediction_id, log_folder=folder)
        inputs = ", ".join(f"{key}={_short(value)}" for key, value in list(found.inputs.items())[:SHOWN])
        outputs = ", ".join(f"{key}={_short(value)}" for key, value in found.outputs.items())
        outcome = f"; outcome {found.outcome}" if found.outcome is not None else "; outcome not known yet"
        node = Node(
            id=f"prediction:{prediction_id}",
            sort="prediction",
            kind="prediction",
            label=outputs or "prediction",
            address=f"prediction:{prediction_id}",
            at_ms=found.at_ms,
            detail=f"asked with {inputs}{' …' if len(found.inputs) > SHOWN else ''}{outcome}",
        )
        return node, [found.run_id] if found.run_id else [], [found.model_version_id]

    return find


def _short(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 24 else text[:23] + "…"
