"""MLflow's own tests as the judge of our MLflow door: each runs against a Tenfold server with an empty store.

    python scripts/mlflow_conformance.py CHECKOUT PYTHON [--postgres | --theirs] [-- what pytest takes]

CHECKOUT is a source tree of MLflow (its `tests` folder is enough), PYTHON one that has `mlflow` and its tests' needs:
pytest pandas polars pyarrow psutil flask databricks-sdk moto boto3 pillow. This script runs under Tenfold's Python.
With --theirs MLflow's own server answers: what fails there too is a difference of releases, not of servers.
What is not run, and why, is in mlflow_deselected.toml; the plugin mlflow_judge.py puts our server where theirs would start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
FILES = (
    "tests/tracking/test_rest_tracking.py",
    "tests/tracking/test_model_registry.py",
    "tests/tracking/test_mlflow_artifacts.py",
    "tests/tracking/test_client.py",
    "tests/tracking/test_tracking.py",
    "tests/tracking/test_log_figure.py",
    "tests/tracking/test_log_image.py",
    "tests/tracking/test_artifact_utils.py",
    "tests/tracking/fluent/test_fluent.py",
    "tests/tracking/_model_registry",
    "tests/tracking/_tracking_service/test_tracking_service_client.py",
    "tests/store/tracking/test_rest_store.py",
    "tests/store/model_registry/test_rest_store.py",
    "tests/store/artifact/test_mlflow_artifact_repo.py",
    "tests/store/artifact/test_http_artifact_repo.py",
    "tests/store/artifact/test_models_artifact_repo.py",
    "tests/store/artifact/test_runs_artifact_repo.py",
)
"""Where MLflow tests what a server of tracking, registry and artifacts does, or the clients that talk to one."""


def judge(checkout: Path, python: str, *, postgres: bool, theirs: bool, arguments: list[str]) -> int:
    """Run the tests. Gives pytest's exit code."""
    database, address = "", ""
    if postgres:
        started = subprocess.run(
            [sys.executable, str(HERE / "postgres.py"), "start"], capture_output=True, text=True, check=True
        )
        database, address = started.stdout.split()
    named = any(Path(checkout, each.partition("::")[0]).exists() for each in arguments if not each.startswith("-"))
    files = [] if named else [each for each in FILES if (checkout / each).exists()]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(checkout), str(HERE)]),
        "TENFOLD_JUDGE": "" if theirs else "\n".join([sys.executable, str(Path(__file__).resolve()), "serve", address]),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")]),
    }
    command = [python, "-m", "pytest", "-p", "mlflow_judge", "-p", "no:cacheprovider", "-q", *files, *arguments]
    try:
        return subprocess.run(command, cwd=checkout, env=environment).returncode
    finally:
        if database:
            subprocess.run([sys.executable, str(HERE / "postgres.py"), "stop", database], check=True)


def serve(address: str) -> None:
    """Servers on demand: each line on stdin ends the one before, if any, and `start` begins one on an empty store.

    Answers `start` with its URL. One process for all spares each test the imports; nothing else is shared by two servers.
    """
    for count, line in enumerate(sys.stdin):
        if line.strip() != "start":
            continue
        with ExitStack() as stack:
            print(_start(stack, address, count), flush=True)
            sys.stdin.readline()
            print("stopped", flush=True)


def _start(stack: ExitStack, address: str, count: int) -> str:
    from tenfold.server.listen import serving
    from tenfold.server.place import place_of
    from tenfold.workspace import Workspace
    from tenfold.workspace.location import Location

    folder = Path(tempfile.mkdtemp(prefix="tenfold-judge-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    location = Location("folder", str(folder / "store"), folder / "store")
    if address:
        location = Location("postgresql", _database(address, count), folder / "store", blobs=str(folder / "blobs"))
    return stack.enter_context(serving(place_of(Workspace(location))))


def _database(address: str, count: int) -> str:
    """A database of one's own on the server, a copy of one that has Tenfold's tables."""
    import psycopg

    base, _, _ = address.rpartition("/")
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = 'template_judge'").fetchone():
            connection.execute("create database template_judge")
            made = "import sys; from tenfold.stores.sql import open_sql; open_sql(sys.argv[1])"
            subprocess.run([sys.executable, "-c", made, f"{base}/template_judge"], check=True)  # leaves no connection
        connection.execute(f"create database judge{count} template template_judge".encode())
    return f"{base}/judge{count}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2] if len(sys.argv) > 2 else "")
    else:
        given, _, rest = " ".join(sys.argv[1:]).partition(" -- ")
        words = [word for word in given.split() if word not in ("--postgres", "--theirs")]
        if len(words) != 2:
            sys.exit(__doc__)
        judged = judge(
            Path(words[0]).resolve(),
            words[1],
            postgres="--postgres" in given,
            theirs="--theirs" in given,
            arguments=rest.split(),
        )
        sys.exit(judged)
