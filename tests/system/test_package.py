"""`pip install .` in a clean environment, on a machine without Node, gives a working package with the pages inside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of a fresh environment into which a copy of the checkout was installed, with no Node on the PATH."""
    folder = tmp_path_factory.mktemp("package")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            target = folder / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    tools = folder / "tools"
    tools.mkdir()
    for name in ("git", "sh", "env", "uname", "cat"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TENFOLD_", "VIRTUAL_ENV"))}
    environment["PATH"] = str(tools)
    uv = [sys.executable, "-m", "uv"]
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env")], check=True, env=environment
    )
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", str(python), str(folder / "checkout")],
        check=True,
        env=environment,
    )
    return python, environment


def test_the_command_works_and_the_pages_are_inside(installed, tmp_path):
    python, environment = installed
    command = [str(python.with_name("tenfold"))]
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout.startswith("tenfold ")
    subprocess.run([*command, "init", "first"], cwd=tmp_path, check=True, capture_output=True, env=environment)
    subprocess.run([str(python), "train.py"], cwd=tmp_path, check=True, env=environment)
    listed = subprocess.run(
        [*command, "runs", "list", "--json"], cwd=tmp_path, check=True, capture_output=True, text=True, env=environment
    )
    assert '"loss"' in listed.stdout
    inside = subprocess.run(
        [str(python), "-c", "import tenfold, pathlib; p = pathlib.Path(tenfold.__file__).parent / 'server/pages'; "
         "print((p / 'index.html').exists(), len(list(p.rglob('*.js'))) > 0)"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert inside.stdout.split() == ["True", "True"]


def test_only_the_required_libraries_come_with_it(installed):
    python, environment = installed
    heavy = "import importlib.util as u; print([m for m in ('pandas', 'sklearn', 'pyarrow', 'polars', 'torch') if u.find_spec(m)])"
    said = subprocess.run([str(python), "-c", heavy], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout.strip() == "[]"
