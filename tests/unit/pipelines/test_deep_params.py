"""Params that are nested without end make no run: it could not be read everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold.base.errors import Invalid
from tenfold.pipelines.starting.asking import ask_again
from tenfold.pipelines.starting.filling import DEEPEST, refuse_deep
from tenfold.records import Run, RunQuery
from tenfold.server.problems import answer_to
from tenfold.testing.stores import memory_stores


def nested(levels: int, *, lists: bool = False) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


@pytest.mark.parametrize("lists", [True, False])
def test_params_nested_without_end_are_refused_before_anything_is_stored(lists):
    refuse_deep({"a": nested(DEEPEST - 1, lists=lists)})
    stores = memory_stores()
    run = Run(id="r1", project="p", kind="pipeline", name="train", root_id="r1", created_at_ms=1, heartbeat_at_ms=1)
    with pytest.raises(Invalid, match="nested more than 100 levels"):
        ask_again(stores, run, {"a": nested(900, lists=lists)})
    assert stores.runs.search(RunQuery()).items == []
    assert answer_to(RecursionError()).status_code == 400
