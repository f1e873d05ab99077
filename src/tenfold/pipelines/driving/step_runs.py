"""The run that a place of a pipeline is recorded as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenfold.pipelines.authoring.templates import fill
from tenfold.pipelines.driving.places import Place, is_short
from tenfold.pipelines.work import Spec
from tenfold.records import Run
from tenfold.records.run import CodeVersion

if TYPE_CHECKING:
    from tenfold.pipelines.driving.board import Board


def run_of(board: Board, place: Place) -> Run:
    """The run of a place that is not stored yet."""
    spec = place.spec
    parent = board.places.get(spec.item_of)
    return Run(
        id=place.task.id,
        project=board.root.project,
        kind="step",
        name=place.key,
        parent_id=parent.task.id if parent else board.root.id,
        root_id=board.root.id,
        user=board.root.user,
        host=board.root.host,
        created_at_ms=board.clock(),
        code=CodeVersion(digest=spec.code, entry_point=f"{spec.module}:{spec.qualname}"),
        params=_shown_params(board, spec),
        tags={"pipeline": spec.pipeline, "step": spec.step},
    )


def _shown_params(board: Board, spec: Spec) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, given in spec.arguments.items():
        if name in spec.mapped or "r" in given:
            continue
        filled = fill(given, board.lookup) if "e" in given else given
        value = filled.get("a", filled.get("c"))
        if ("a" in filled or "c" in filled) and is_short(value):
            shown[name] = value
    return shown
