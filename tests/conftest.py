"""Order: quick rooms first, the browser last. Playwright keeps an event loop running in the thread of the tests, beside
which no other can be run."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

ORDER = ("unit", "executors", "frameworks", "dvc", "golden", "conformance", "crash", "system", "browser")
HERE = Path(__file__).parent
collect_ignore = [] if find_spec("torch") else ["frameworks"]  # run by `make frameworks`, in an environment of its own

if not Path(os.environ.get("TENFOLD_DVC", HERE.parent / ".dvcenv/bin/dvc")).exists():
    collect_ignore.append("dvc")  # run by `make dvc`, beside the real dvc


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders in the order above; tests of one folder stay as they were."""
    items.sort(key=lambda item: ORDER.index(item.path.relative_to(HERE).parts[0]))
