"""The executors of this machine."""

from __future__ import annotations

import pytest
from engine_conformance import ExecutorConformance, HoldingConformance, ManyNodesConformance

from tenfold.pipelines.executors import pools


class TestInline(ExecutorConformance):
    executor = "inline"


class TestLocal(HoldingConformance, ManyNodesConformance):
    executor = "local"

    @pytest.fixture(autouse=True)
    def _close(self):
        yield
        pools.close_all()
