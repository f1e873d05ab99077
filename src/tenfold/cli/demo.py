"""`tenfold demo`: copy the flights example into a folder and run it as a user would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click

from tenfold.base.errors import TenfoldError
from tenfold.cli.app import EXIT_CODES


@click.command(epilog=f"Example: tenfold demo --no-serve\n\n{EXIT_CODES}")
@click.argument("folder", default="tenfold-demo", type=click.Path(path_type=Path))
@click.option("--serve/--no-serve", default=True, help="Afterwards start the pages and the endpoint until Ctrl-C")
@click.option("--port", default=7410, show_default=True, help="Port of the pages")
def command(folder: Path, serve: bool, port: int) -> None:
    """Run the whole story on the flights that left New York in 2013, in a new FOLDER.

    Twelve commits of data, a schema, a training pipeline, a served model, nine months of requests, drift, retraining
    behind a gate, and one prediction traced back to its files. A second run finds everything in the cache.
    """
    folder = folder.absolute()
    fresh = not (folder / "main.py").exists()
    shutil.copytree(_example(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".tenfold"))
    click.echo(f"{'The flights example is in' if fresh else 'Running again in'} {folder}", err=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    environment["TENFOLD_STORE"] = str(folder / ".tenfold")
    done = subprocess.run([sys.executable, "main.py"], cwd=folder, env=environment)
    if done.returncode != 0:
        raise TenfoldError(
            f"The demo ended with exit code {done.returncode}. Its messages are above; run it again with: tenfold demo {folder}"
        )
    if not serve:
        click.echo(f"See the pages with: tenfold --store {folder / '.tenfold'} up", err=True)
        return
    _serve(folder, environment, port)


def _example() -> Path:
    """The example's folder: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    for place in (package / "examples" / "flights", package.parents[1] / "examples" / "flights"):
        if (place / "main.py").exists():
            return place
    raise TenfoldError("The flights example is not in this installation. Install tenfold from its wheel or a checkout")


def _serve(folder: Path, environment: dict[str, str], port: int) -> None:
    """Pages and endpoint until Ctrl-C; both end with this process."""
    tenfold = [sys.executable, "-m", "tenfold"]
    click.echo(
        f"\nLook at http://127.0.0.1:{port}/ : home, the project flights, models/delay, monitors/delay, lineage.\n"
    )
    endpoint = subprocess.Popen(
        [*tenfold, "serve", "model:delay@champion", "--name", "delay", "--port", "0"], cwd=folder, env=environment
    )
    pages = subprocess.Popen([*tenfold, "up", "--port", str(port)], cwd=folder, env=environment)
    try:
        code = pages.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        for process in (endpoint, pages):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in (endpoint, pages):
            process.wait(timeout=20)
    if code:
        sys.exit(code)
