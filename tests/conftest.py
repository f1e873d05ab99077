"""Order: quick rooms first, the browser last. Playwright keeps an event loop running in the thread of the tests, beside
which no other can be run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ORDER = (
    "unit",
    "executors",
    "frameworks",
    "dvc",
    "remotes",
    "exports",
    "airflow",
    "metaflow",
    "kfp",
    "golden",
    "conformance",
    "crash",
    "system",
    "browser",
)
HERE = Path(__file__).parent
HAVE = {
    "frameworks": find_spec("torch") is not None,
    "remotes": Path(os.environ.get("TENFOLD_EMULATORS", HERE.parent / ".emulators"), "bin/wsgidav").exists(),
    "exports": bool(os.environ.get("TENFOLD_EXPORTS")),
    "airflow": bool(os.environ.get("TENFOLD_AIRFLOW_DAGS")),
    "metaflow": bool(os.environ.get("TENFOLD_METAFLOW")),
    "kfp": bool(os.environ.get("TENFOLD_KFP_JUDGE")),
    "dvc": Path(os.environ.get("TENFOLD_DVC", HERE.parent / ".dvcenv/bin/dvc")).exists(),
}
"""Suites that need an environment of their own, by the make target that makes it and runs them."""
collect_ignore = [suite for suite, there in HAVE.items() if not there]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which suites were left out, so that nobody takes them for passed."""
    left = [*collect_ignore, *([] if os.environ.get("TENFOLD_ENGINES") else ["executors"])]
    if left:
        terminalreporter.write_line(f"Not run here: {', '.join(f'make {suite}' for suite in left)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders in the order above; tests of one folder stay as they were."""
    items.sort(key=lambda item: ORDER.index(item.path.relative_to(HERE).parts[0]))


@pytest.fixture(scope="module", autouse=True)
def _forget_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Modules that a test imported from its folder are gone after its file: many are named `flow`."""
    yield
    base = str(tmp_path_factory.getbasetemp())
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    for name in [name for name, file in files.items() if file.startswith(base)]:
        del sys.modules[name]
