"""The Python blocks of README and docs run, page by page, in order, in a fresh folder.

A block that does not import tenfold goes on from the one before it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if BLOCK.search(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run(page, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    earlier = ""
    for number, block in enumerate(BLOCK.findall(page.read_text())):
        block = block if "import tenfold" in block else earlier + block
        earlier = block
        script = tmp_path / f"snippet_{number}.py"
        script.write_text(block)
        done = subprocess.run(
            [sys.executable, "-W", "error", script.name],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{page.name}, block {number + 1}:\n{block}\n{done.stderr}"
