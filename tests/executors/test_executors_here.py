"""The executors of this machine."""

from __future__ import annotations

import pytest
from engine_conformance import ExecutorConformance, KillingConformance

from tenfold.pipelines.executors import pools


class TestInline(ExecutorConformance):
    executor = "inline"


class TestLocal(KillingConformance):
    executor = "local"

    @pytest.fixture(autouse=True)
    def _close(self):
        yield
        pools.close_all()
