"""Engines are started only by `make executors`; `make test` looks at the executors of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("engine_conformance")
SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
collect_ignore = [] if os.environ.get("TENFOLD_ENGINES") else [f"test_engine_{n}.py" for n in ("slurm", "dask", "ray", "docker", "kubernetes", "kubernetes_objects")]  # fmt: skip
