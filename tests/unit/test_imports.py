"""`import tenfold` loads nothing heavy, and the floors hold."""

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "sqlalchemy",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "starlette",
    "uvicorn",
    "httpx",
    "click",
    "rich",
    "psutil",
    "sklearn",
)


def test_importing_tenfold_loads_nothing_heavy():
    code = f"import tenfold, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_help_loads_no_store_and_no_server():
    code = (
        "import sys\nfrom tenfold.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('sqlalchemy', 'numpy', 'starlette', 'uvicorn', 'rich') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip().splitlines()[-1] == "[]"


def test_a_small_command_loads_what_it_needs_and_no_more(tmp_path):
    heavy = (
        "alembic",
        "sqlalchemy.dialects.postgresql",
        "tenfold.pipelines",
        "tenfold.data",
        "psutil",
        "numpy",
        "rich",
    )
    code = (
        "import sys\nfrom tenfold.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n"
        f"    print(end.code, [name for name in {(*heavy, 'sqlalchemy')!r} if name in sys.modules])"
    )

    def loaded(*words):
        command = [sys.executable, "-c", code, "--store", str(tmp_path / ".tenfold"), *words]
        said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return said.stdout.strip().splitlines()[-1]

    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("a")
    first = loaded("data", "add", "d")  # makes the database
    assert "alembic" in first
    assert loaded("runs", "list") == "0 ['sqlalchemy']"
    assert loaded("data", "status") == "0 ['tenfold.data']"


def test_nobody_inside_imports_from_the_bare_package():
    package = Path(__file__).parents[2] / "src" / "tenfold"
    for path in package.rglob("*.py"):
        if path.parts[-2] != "examples" and path.name not in ("__init__.py", "run.py", "init.py"):
            for line in path.read_text().splitlines():
                assert not line.startswith(("from tenfold import", "import tenfold\n")), f"{path}: {line}"
