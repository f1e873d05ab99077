"""Engines are started only by `make executors`; `make test` looks at the executors of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("engine_conformance")
sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))  # they start the engines
collect_ignore_glob = [] if os.environ.get("TENFOLD_ENGINES") else ["test_engine_*.py"]
